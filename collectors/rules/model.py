"""What a vendor file may say: operating systems, and tables of objects with a meaning.

Every object identifier is given as dotted numbers. A `template` is a text in which `{name}` stands for
a column's value, `{index}` for the row's index and `{1}`, `{2}` for its numbers.
"""

from __future__ import annotations

from typing import Literal

from netmon import sdk

FORMAT = 1
"""Number of the format of vendor files."""

MOST_DECIMALS = 30
"""Most decimals of a value, in a file or told by a device; as many below zero."""

Below = Literal["", "object_id", "os"]
"""What identifiers are below: nothing, sysObjectID, or that of the os's object_ids which fits it."""

Provenance = Literal["recording", "MIB", "document"]
"""Where a rule is known from: a device's own recording, a published MIB, or a vendor's document."""

Health = Literal["ok", "warning", "critical", "unknown"]
States = dict[str, tuple[str, Health]]
"""What each number of a state means, and whether somebody should care."""


class Extract(sdk.Settings):
    """One way to find a text: from an object (its whole name with the instance), or else from sysDescr.

    `first`: the object is a column, its first value counts. `pattern` is searched in the text; `text`
    is made of its groups, `{1}` and on; without it: the first group, or all that matched. `entity`: from
    the device's own row of ENTITY-MIB instead. `below`: `oid` is below a branch of the device's own, as
    with vendors who give each model or family one, with the same objects in it.
    """

    oid: str = ""
    below: Below = ""
    first: bool = False
    entity: Literal[
        "", "name", "descr", "model", "serial", "hardware_rev", "firmware_rev", "software_rev"
    ] = ""
    pattern: str = ""
    text: str = ""


class OsRule(sdk.Settings):
    """An operating system, and how a device that runs it is known: by all that is given here.

    `object_ids`: sysObjectID is one of these or below; the longest counts most. `descr` is searched in
    sysDescr. `exists`: objects of which one must exist, asked only when nothing else decides. `models`:
    the rest of sysObjectID after the longest of `object_ids`, and the model that it stands for. `role`:
    what such a device always is (the configuration's word for it); without it, its ports tell.
    """

    name: str
    title: str
    object_ids: tuple[str, ...] = ()
    descr: str = ""
    exists: tuple[str, ...] = ()
    provenance: Provenance
    role: Literal[
        "", "router", "firewall", "switch", "access_point", "controller", "modem", "ups", "pdu", "server",
        "printer", "sensor", "other",
    ] = ""  # fmt: skip
    models: dict[str, str] = {}
    hardware: tuple[Extract, ...] = ()
    version: tuple[Extract, ...] = ()
    serial: tuple[Extract, ...] = ()


class Join(sdk.Settings):
    """A column of another table, found by numbers of this row's index (from 1) or by a column's value.

    With neither it is a scalar, the same for every row: the unit that temperatures are told in, say.
    """

    oid: str
    index: tuple[int, ...] = ()
    by: str = ""


class SensorRule(sdk.Settings):
    """A measured value. It is `column` x `scale` / 10 ** `decimals` + `offset`, then `convert`.

    `scale_by` and `decimals_by` name columns; `scales` maps what `scale_by` says to a factor. `kind_by`
    and `kinds` do the same for the kind: a row that `kinds` does not name is none. `of` names a column
    with the whole, above 0, of which the value is a part: it becomes a percentage. Raw values in
    `ignore`, and those outside `lowest` to `highest` after scaling, are not known. `when`: columns, and
    the raw values one of which they must have; `unless`: those they must not have. `matches`: columns,
    and what their text must contain, for agents that tell a sensor's kind by its name only. `lacks`:
    columns that the row must not have at all, such as one that tells the same more exactly. `pattern`:
    for texts with a number inside; its first group. `unit` is the unit after scaling and `convert`, when
    it is not the kind's own (see kinds.py).
    """

    kind: str = ""
    kind_by: str = ""
    kinds: dict[str, str] = {}
    column: str
    label: str
    scale: float = 1.0
    scale_by: str = ""
    scales: dict[str, float] = {}
    decimals: int = 0
    decimals_by: str = ""
    of: str = ""
    offset: float = 0.0
    convert: Literal["", "fahrenheit", "milliwatts_to_dbm", "microwatts_to_dbm"] = ""
    unit: Literal["", "percent", "minutes", "hours", "kWh", "Wh", "rps"] = ""
    pattern: str = ""
    ignore: tuple[float, ...] = ()
    lowest: float | None = None
    highest: float | None = None
    when: dict[str, tuple[int | str, ...]] = {}
    unless: dict[str, tuple[int | str, ...]] = {}
    lacks: tuple[str, ...] = ()
    matches: dict[str, str] = {}


class StateRule(sdk.Settings):
    """A state out of a closed set; `states` is the set's name, from the file's `[states]`."""

    column: str
    label: str
    states: str
    when: dict[str, tuple[int | str, ...]] = {}
    unless: dict[str, tuple[int | str, ...]] = {}


class ProcessorRule(sdk.Settings):
    """How busy a processor is: a percentage busy or idle, x `scale`; the text's number with `pattern`."""

    busy: str = ""
    idle: str = ""
    label: str = "Processor"
    scale: float = 1.0
    pattern: str = ""
    ignore: tuple[float, ...] = ()
    when: dict[str, tuple[int | str, ...]] = {}
    unless: dict[str, tuple[int | str, ...]] = {}


class MemoryRule(sdk.Settings):
    """Memory or disk, from two of total, used and free, or a percentage alone; `unit_bytes` each.

    `unit_by` names a column with the size of a unit in bytes. `buffers` and `cached` name columns with
    what counts as used, but is given back when it is needed: it is told as free.
    """

    kind: Literal["memory", "storage"] = "memory"
    total: str = ""
    used: str = ""
    free: str = ""
    buffers: str = ""
    cached: str = ""
    percent: str = ""
    percent_free: str = ""
    label: str = "Memory"
    unit_bytes: float = 1.0
    unit_by: str = ""
    pattern: str = ""
    when: dict[str, tuple[int | str, ...]] = {}
    unless: dict[str, tuple[int | str, ...]] = {}


class ComponentRule(sdk.Settings):
    """A part of the device: each field is a template; `kind` is a class of ENTITY-MIB, such as chassis."""

    kind: str = "module"
    name: str
    descr: str = ""
    model: str = ""
    serial: str = ""
    hardware_rev: str = ""
    firmware_rev: str = ""
    software_rev: str = ""
    when: dict[str, tuple[int | str, ...]] = {}
    unless: dict[str, tuple[int | str, ...]] = {}


class RadioRule(sdk.Settings):
    """A radio, or a wireless network: columns with clients, channel, use (percent) and noise (dBm)."""

    label: str
    clients: str = ""
    channel: str = ""
    busy: str = ""
    noise: str = ""
    when: dict[str, tuple[int | str, ...]] = {}
    unless: dict[str, tuple[int | str, ...]] = {}


class TableRule(sdk.Settings):
    """Columns with one index. A number is the column below `entry`, a text a whole object identifier.

    `scalars`: the objects are scalars (instance 0 is added). `os`: only for these of the file's
    operating systems. `fallback`: its processors, memory or sensors count only on a device to which the
    file's tables before it gave none of the same section (an older branch beside a newer one). `mib`
    names where the objects are defined. `when` and `unless` of a rule may also name a number of the
    row's index: `{"2" = [5]}`. `below`: entry and whole identifiers of columns are below
    a branch of the device's own.
    """

    mib: str
    provenance: Provenance
    entry: str = ""
    below: Below = ""
    scalars: bool = False
    os: tuple[str, ...] = ()
    fallback: bool = False
    columns: dict[str, int | str]
    join: dict[str, Join] = {}
    sensor: tuple[SensorRule, ...] = ()
    state: tuple[StateRule, ...] = ()
    processor: tuple[ProcessorRule, ...] = ()
    memory: tuple[MemoryRule, ...] = ()
    component: tuple[ComponentRule, ...] = ()
    radio: tuple[RadioRule, ...] = ()


class VendorFile(sdk.Settings):
    """One file: everything about one vendor.

    `enterprises`: numbers below 1.3.6.1.4.1 that the vendor's devices give as sysObjectID; 8072 is
    net-snmp, and stands for all who left it so. `trusted`: the numbers of which any device is the
    vendor's, also one that no operating system here describes; without it: all but 8072. `everywhere`:
    the tables are of a standard, and asked of every device.
    """

    format: int
    vendor: str
    enterprises: tuple[int, ...] = ()
    trusted: tuple[int, ...] | None = None
    everywhere: bool = False
    os: tuple[OsRule, ...] = ()
    states: dict[str, States] = {}
    table: tuple[TableRule, ...] = ()
