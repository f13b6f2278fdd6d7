"""The fence: the simulator speaks to this machine and to nothing else."""

import ipaddress


def is_loopback(host: str | None) -> bool:
    """Will say whether a host name is written as an address of this machine; no name is looked up."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False
