"""The kernel's receive stamps, from the moment that somebody wants them."""

import socket

from netmon.clock import SystemClock
from probes.timestamping import StampKeeper, kernel_stamp_ns, start_stamps


async def test_every_packet_is_stamped_once_the_keeper_is_open():
    keeper = await StampKeeper.open(SystemClock())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        assert start_stamps(sock)
        sock.sendto(b"", sock.getsockname())
        _, ancillary, _, _ = sock.recvmsg(1, 512)
    await keeper.close()
    assert kernel_stamp_ns(ancillary) is not None
