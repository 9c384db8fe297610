"""Where messages may go: every spelling of an address, every form that carries one, every address of a name."""

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from threading import Event
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.webhooks.addresses import AddressRefused, Endpoint, Policy, endpoint_of, is_allowed, resolve
from tests.webhooks.conftest import Resolver

AWS, LOCAL = Policy(), Policy(local=True)

METADATA = ["169.254.169.254", "169.254.170.2", "169.254.0.1", "fd00:ec2::254", "fd20:ce::254", "fe80::1", "febf::1"]
PRIVATE = [
    "127.0.0.1", "127.255.255.254", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "::1", "fc00::1",
    "fd12:3456::1",
]  # fmt: skip
NOBODYS = [
    "0.0.0.0", "0.1.2.3", "100.64.0.1", "100.127.255.255", "192.0.0.1", "192.0.2.1", "192.88.99.1", "198.18.0.1",
    "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "::", "100::1",
    "2001:db8::1", "2001::1", "2002::1", "2002:a9fe:a9fe::1", "2002:808:808::1", "3fff::1", "5f00::1", "fec0::1",
    "ff02::1", "ff0e::1", "64:ff9b:1::1", "::8.8.8.8", "fe80::1%eth0", "2606:4700::1111%eth0",
]  # fmt: skip
PUBLIC = ["8.8.8.8", "1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00:1450:4001::1"]

v4 = st.integers(0, 2**32 - 1).map(IPv4Address) | st.sampled_from(
    [IPv4Address(text) for text in METADATA + PRIVATE + NOBODYS + PUBLIC if ":" not in text]
)
SPECIAL = [
    ip_network(block)
    for block in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
        "224.0.0.0/4", "240.0.0.0/4",
    )
]  # fmt: skip
"""The registry of special addresses, but for two in 192.0.0.0/24 that releases of Python differ about."""


# --- addresses --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_allowed_everywhere(address: str) -> None:
    assert is_allowed(ip_address(address), AWS)
    assert is_allowed(ip_address(address), LOCAL)


@pytest.mark.parametrize("address", PRIVATE)
def test_this_machine_and_private_networks_are_allowed_locally_alone(address: str) -> None:
    assert not is_allowed(ip_address(address), AWS)
    assert is_allowed(ip_address(address), LOCAL)


@pytest.mark.parametrize("address", [*METADATA, *NOBODYS])
def test_metadata_and_what_is_nobodys_is_allowed_nowhere(address: str) -> None:
    assert not is_allowed(ip_address(address), AWS)
    assert not is_allowed(ip_address(address), LOCAL)


@given(v4)
def test_on_aws_an_ipv4_address_is_allowed_unless_it_is_special(address: IPv4Address) -> None:
    if address not in ip_network("192.0.0.0/24"):
        assert is_allowed(address, AWS) == (not any(address in block for block in SPECIAL))


@given(v4, st.sampled_from([AWS, LOCAL]))
def test_an_address_inside_another_is_allowed_if_it_is_so_by_itself(address: IPv4Address, policy: Policy) -> None:
    mapped = IPv6Address(int(ip_address("::ffff:0:0")) | int(address))
    translated = IPv6Address(int(ip_address("64:ff9b::")) | int(address))

    assert is_allowed(mapped, policy) == is_allowed(translated, policy) == is_allowed(address, policy)


@given(v4, st.integers(0, 2**80 - 1), st.sampled_from([AWS, LOCAL]))
def test_tunnels_are_allowed_nowhere(address: IPv4Address, rest: int, policy: Policy) -> None:
    six_to_four = IPv6Address((0x2002 << 112) | (int(address) << 80) | rest)
    teredo = IPv6Address((0x2001_0000 << 96) | (int(address) << 64) | (rest & (2**64 - 1)))

    assert not is_allowed(six_to_four, policy)
    assert not is_allowed(teredo, policy)


@given(st.integers(0, 2**128 - 1).map(IPv6Address))
def test_on_aws_an_ipv6_address_is_in_the_public_range_or_carries_a_public_one(address: IPv6Address) -> None:
    public = address in ip_network("2000::/3") or address in ip_network("64:ff9b::/96") or bool(address.ipv4_mapped)

    assert public or not is_allowed(address, AWS)


# --- URLs -------------------------------------------------------------------------------------------------------------


def test_a_url_is_taken_apart() -> None:
    assert endpoint_of("https://Hooks.Example.com/a/b?c=d", AWS) == Endpoint(True, "hooks.example.com", 443, "/a/b?c=d")
    assert endpoint_of("http://[::1]:8080", LOCAL) == Endpoint(False, "::1", 8080, "/")


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/", "HTTP://example.com/", "ftp://example.com/", "file:///etc/passwd", "gopher://h/", "",
        "https://u:p@example.com/", "https://example.com/#f", "https://[::1%25lo]/", "https://[fe80::1%eth0]/",
        "//example.com", "https://",
    ],
)  # fmt: skip
def test_on_aws_only_plain_https_urls_are_allowed(url: str) -> None:
    with pytest.raises(AddressRefused) as refused:
        endpoint_of(url, AWS)
    assert not url or url not in str(refused.value)


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254", "169.254.169.254.", "2852039166", "0xa9fea9fe", "0xA9.0xFE.0xA9.0xFE", "025177524776",
        "0251.0376.0251.0376", "169.254.43518", "169.16689662", "169.254.0xa9fe", "%31%36%39.254.169.254",
        "\uff11\uff16\uff19.254.169.254", "169\u3002254\u3002169\u3002254", "[::ffff:169.254.169.254]",
        "[::ffff:a9fe:a9fe]",
        "[0:0:0:0:0:ffff:a9fe:a9fe]", "[64:ff9b::169.254.169.254]", "[2002:a9fe:a9fe::]", "[::169.254.169.254]",
        "[fd00:ec2::254]", "[fd00:0ec2:0:0:0:0:0:0254]",
    ],
)  # fmt: skip
@pytest.mark.parametrize("policy", [AWS, LOCAL])
def test_the_metadata_address_is_refused_in_every_spelling(host: str, policy: Policy) -> None:
    with pytest.raises(AddressRefused):
        endpoint_of(f"https://{host}/latest/meta-data/", policy)


def spellings(address: IPv4Address) -> list[str]:
    number, parts = int(address), address.packed
    return [
        str(address), str(number), hex(number), f"0{number:o}", ".".join(map(hex, parts)),
        ".".join(f"0{part:o}" for part in parts), f"{parts[0]}.{number & 0xFFFFFF}",
        f"{parts[0]}.{parts[1]}.{number & 0xFFFF}",
    ]  # fmt: skip


@given(v4)
def test_all_spellings_of_an_address_are_one(address: IPv4Address) -> None:
    for spelling in spellings(address):
        url = f"https://{spelling}/"
        if is_allowed(address, AWS):
            assert endpoint_of(url, AWS).host == str(address)
        else:
            with pytest.raises(AddressRefused):
                endpoint_of(url, AWS)


# --- names ------------------------------------------------------------------------------------------------------------


def test_a_name_has_the_addresses_that_it_resolves_to_each_once(resolving: Resolver) -> None:
    resolving(good_example=[["8.8.8.8", "2606:4700::1111", "8.8.8.8"]])

    assert resolve("good.example", AWS, 5) == [ip_address("8.8.8.8"), ip_address("2606:4700::1111")]


@pytest.mark.parametrize("bad", [*METADATA, *NOBODYS, *PRIVATE])
def test_one_bad_address_among_good_ones_refuses_the_name(bad: str, resolving: Resolver) -> None:
    resolving(mixed_example=[["8.8.8.8", bad, "1.1.1.1"]])

    with pytest.raises(AddressRefused) as refused:
        resolve("mixed.example", AWS, 5)
    assert str(refused.value) == "the address of the endpoint is not allowed"


@pytest.mark.parametrize("host", ["127.1", "0x7f.1", "017700000001", "2130706433"])
def test_a_spelling_that_only_the_resolver_reads_is_judged_by_what_it_means(host: str) -> None:
    with pytest.raises(AddressRefused):
        resolve(host, AWS, 5)


@pytest.mark.parametrize("host", ["unknown.example", "a..b", "x" * 64 + ".example", ".", ""])
def test_a_name_that_does_not_resolve_is_an_error_of_the_network(host: str, resolving: Resolver) -> None:
    with pytest.raises(OSError, match="does not resolve"):
        resolve(host, AWS, 5)


def test_a_name_with_an_empty_or_endless_label_does_not_resolve() -> None:
    for host in ("a..b", "x" * 64 + ".example"):
        with pytest.raises(OSError, match="does not resolve"):
            resolve(host, AWS, 5)


def test_a_resolver_that_does_not_answer_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    answering = Event()

    def getaddrinfo(*_: Any, **__: Any) -> list[Any]:
        answering.wait(60)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    with pytest.raises(TimeoutError, match="not resolved in time"):
        resolve("slow.example", AWS, 0.05)
    answering.set()
