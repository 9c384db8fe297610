"""Print how large built layers are, and what they hold that is large.

python layers/sizes.py .aws-sam/build
"""

import io
import sys
import zipfile
from pathlib import Path

LAYERS = {"core": "CoreLayer", "vendor": "VendorLayer"}
SHOWN = 5
_ELF_MACHINES = {0x3E: "x86_64", 0xB7: "arm64"}


def size_of(place: Path) -> int:
    """Bytes of a file or of everything in a folder."""
    return sum(file.stat().st_size for file in [place, *place.rglob("*")] if file.is_file())


def zipped_size_of(folder: Path) -> int:
    """Bytes of its package, as a deployment compresses it."""
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*")):
            archive.write(file, file.relative_to(folder))
    return len(package.getvalue())


def machines_of(folder: Path) -> set[str]:
    """What its binaries run on, by the machine in the header of each; empty without binaries."""
    headers = (file.read_bytes()[:20] for file in folder.rglob("*.so*"))
    numbers = {int.from_bytes(header[18:20], "little") for header in headers}
    return {_ELF_MACHINES.get(number, f"machine {number}") for number in numbers}


def described(name: str, layer: Path) -> str:
    """One line: its sizes, its binaries, the largest of its packages."""
    packages = sorted(((size_of(place), place.name) for place in (layer / "python").iterdir()), reverse=True)
    largest = ", ".join(f"{package} {_megabytes(size)}" for size, package in packages[:SHOWN])
    binaries = ", ".join(sorted(machines_of(layer))) or "no binaries"
    return (
        f"layer {name}: {_megabytes(size_of(layer))} MB unzipped, {_megabytes(zipped_size_of(layer))} MB zipped; "
        f"{binaries}; largest: {largest}"
    )


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f}"


if __name__ == "__main__":
    for name, folder in LAYERS.items():
        print(described(name, Path(sys.argv[1]) / folder))
