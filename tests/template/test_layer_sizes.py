"""What `make build` says of the layers."""

import struct
from pathlib import Path

from layers.sizes import described


def test_a_layer_is_told_by_its_sizes_its_machine_and_its_largest_packages(tmp_path: Path) -> None:
    packages = tmp_path / "python"
    for name, size in (("small", 100_000), ("large", 3_000_000)):
        (packages / name).mkdir(parents=True)
        (packages / name / "content").write_bytes(bytes(size))
    (packages / "large" / "engine.so").write_bytes(b"\x7fELF" + bytes(14) + struct.pack("<H", 0xB7))

    line = described("vendor", tmp_path)

    assert line == "layer vendor: 3.1 MB unzipped, 0.0 MB zipped; arm64; largest: large 3.0, small 0.1"
