"""Declarations of everything that the own-host collector tells."""

from __future__ import annotations

from collectors.host_text import CPU_MODES, THROTTLE_BITS
from netmon import sdk

CPU = {
    mode: sdk.Metric(
        "netmon_host_cpu_seconds_total",
        "Time this machine's processors spent in each mode since boot, all processors together.",
        sdk.Kind.COUNTER,
        sdk.Number.FLOAT,
        (("mode", mode),),
    )
    for mode in CPU_MODES
}
LOAD = tuple(
    sdk.gauge(
        "netmon_host_load_average",
        "Tasks that ran, waited for a processor or for a disk, averaged over the window.",
        window=window,
    )
    for window in ("1m", "5m", "15m")
)
MEMORY = {
    "MemTotal": sdk.integer("netmon_host_memory_size_bytes", "Memory that the kernel manages."),
    "MemAvailable": sdk.integer(
        "netmon_host_memory_available_bytes", "Memory that programs can still have without swapping."
    ),
    "SwapTotal": sdk.integer("netmon_host_swap_size_bytes", "Swap space; 0 when there is none."),
    "SwapFree": sdk.integer("netmon_host_swap_free_bytes", "Swap space that is not used."),
}
BOOT_TIME = sdk.integer(
    "netmon_host_boot_time_seconds",
    "Unix time of the boot, worked out from the present clock: it moves when the clock is set.",
)
UPTIME = sdk.gauge("netmon_host_uptime_seconds", "Time since boot, suspend included.")
THROTTLING = {
    (cause, when): sdk.state(
        "netmon_host_throttled",
        "1 when the board's firmware holds the processor back for this cause, now or since boot, else 0.",
        cause=cause,
        when=when,
    )
    for cause in THROTTLE_BITS
    for when in ("now", "since_boot")
}
CLOCK_SYNCHRONISED = sdk.state(
    "netmon_host_clock_synchronised", "1 when the kernel's clock follows a time source, 0 when it runs free."
)
CLOCK_MAX_ERROR = sdk.gauge(
    "netmon_host_clock_max_error_seconds",
    "The kernel's own bound of the clock's error; it grows without end while nothing sets the clock.",
)
FILE_SYSTEM_SIZE = sdk.integer(
    "netmon_host_filesystem_size_bytes", "Size of the file system that holds netmon's state folder."
)
FILE_SYSTEM_FREE = sdk.integer(
    "netmon_host_filesystem_free_bytes", "What an ordinary user may still write to that file system."
)
INODES = sdk.integer(
    "netmon_host_filesystem_files", "Inodes of that file system; 0 where it makes them as needed."
)
INODES_FREE = sdk.integer("netmon_host_filesystem_files_free", "Inodes that are not used.")
READ_ONLY = sdk.state(
    "netmon_host_filesystem_readonly",
    "1 when the state folder's file system is mounted read-only, as Linux does with a failing card, else 0.",
)
FILE_SYSTEM = (FILE_SYSTEM_SIZE, FILE_SYSTEM_FREE, INODES, INODES_FREE, READ_ONLY)

HOST = (
    *CPU.values(), *LOAD, *MEMORY.values(), *FILE_SYSTEM, CLOCK_SYNCHRONISED, CLOCK_MAX_ERROR,
    BOOT_TIME, UPTIME, *THROTTLING.values(),
)  # fmt: skip

TEMPERATURE = sdk.gauge("netmon_host_temperature_celsius", "Temperature of one of this machine's sensors.")
SENSOR = (TEMPERATURE,)

COUNTERS = {
    "receive_bytes": sdk.counter("netmon_host_network_receive_bytes_total", "Octets received, link layer."),
    "receive_packets": sdk.counter("netmon_host_network_receive_packets_total", "Packets received."),
    "receive_errors": sdk.counter("netmon_host_network_receive_errors_total", "Damaged packets received."),
    "receive_drops": sdk.counter(
        "netmon_host_network_receive_drops_total",
        "Good packets received and dropped; some drivers count unwanted multicast here.",
    ),
    "transmit_bytes": sdk.counter("netmon_host_network_transmit_bytes_total", "Octets sent, link layer."),
    "transmit_packets": sdk.counter("netmon_host_network_transmit_packets_total", "Packets sent."),
    "transmit_errors": sdk.counter("netmon_host_network_transmit_errors_total", "Packets lost in sending."),
    "transmit_drops": sdk.counter(
        "netmon_host_network_transmit_drops_total", "Packets dropped before sending."
    ),
}
UP = sdk.state(
    "netmon_host_network_up",
    "1 when the interface can pass packets, 0 when it cannot; absent where its driver does not tell.",
)
CARRIER = sdk.state(
    "netmon_host_network_carrier",
    "1 when the cable or radio link is there, 0 when not; absent when switched off.",
)
CARRIER_CHANGES = sdk.counter(
    "netmon_host_network_carrier_changes_total",
    "How often the link came or went; a bad cable shows here.",
    32,
)
SPEED = sdk.integer(
    "netmon_host_network_speed_bytes_per_second",
    "Speed the link agreed on, in octets (1 Gbit/s is 125000000); absent without a link.",
)
FULL_DUPLEX = sdk.state(
    "netmon_host_network_full_duplex", "1 for full duplex, 0 for half; absent when not known."
)
MTU = sdk.integer("netmon_host_network_mtu_bytes", "Largest packet that the interface sends.")
INTERFACE = (*COUNTERS.values(), UP, CARRIER, CARRIER_CHANGES, SPEED, FULL_DUPLEX, MTU)
