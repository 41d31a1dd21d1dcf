"""Whoever names a machine that we then call can name none of the inside, however it is spelled."""

import pytest

from shared.web.public_net import is_public, names_the_inside


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.1", "172.16.3.4", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "255.255.255.255", "::1", "::", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
        "64:ff9b::7f00:1", "2002:7f00:1::", "::127.0.0.1", "192.0.2.1",
    ],
)  # fmt: skip
def test_addresses_of_the_inside_are_known_in_any_dress(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "::ffff:1.1.1.1"])
def test_addresses_of_the_public_net_are_let_through(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "169.254.169.254", "2130706433", "0x7f.1", "0177.0.0.1", "127.1", "::1", "::ffff:10.0.0.1",
        "localhost", "LOCALHOST.", "anything.localhost", "metadata.google.internal", "printer.local",
    ],
)  # fmt: skip
def test_a_host_of_the_inside_is_known_without_asking_anybody(host: str) -> None:
    assert names_the_inside(host)


@pytest.mark.parametrize("host", ["jobs.example", "93.184.216.34", "2606:4700::1111", "일자리.example", "x" * 300])
def test_other_hosts_are_judged_when_they_are_called(host: str) -> None:
    assert not names_the_inside(host)
