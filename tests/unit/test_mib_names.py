"""Processors, storages and sensors under the names of their MIBs, as snmp_exporter gives them."""

from fakes.snmp_agent import bench, snmp_context

from collectors.resources import ResourcesCollector
from collectors.rules.mib_names import CISCO_SENSORS, HR_PROCESSORS, HR_STORAGES
from collectors.sensors import SensorsCollector
from collectors.snmp.agent import object_id
from netmon import sdk

RAM = (1, 3, 6, 1, 2, 1, 25, 2, 1, 2)
STORAGE, PROCESSOR = HR_STORAGES.entry, HR_PROCESSORS.entry
HOST = {
    f"{PROCESSOR}.1.196608": object_id((0, 0)),
    f"{PROCESSOR}.2.196608": 37,
    "1.3.6.1.2.1.25.3.2.1.3.196608": "ARMv8",
    f"{STORAGE}.1.1": 1,
    f"{STORAGE}.2.1": object_id(RAM),
    f"{STORAGE}.3.1": "Physical memory",
    f"{STORAGE}.4.1": 1024,
    f"{STORAGE}.5.1": 4096,
    f"{STORAGE}.6.1": 1000,
}
SENSOR = {
    **{
        f"{CISCO_SENSORS.entry}.{column}.1006": value
        for column, value in ((1, 8), (2, 8), (3, 1), (4, 4215), (5, 1))
    },
    "1.3.6.1.2.1.47.1.1.1.1.7.1006": "Inlet",
}


async def readings(kind, objects):
    async with bench() as rig, snmp_context() as context:
        rig.switch.changes |= objects
        collector = kind(rig.assignment(kind.__name__), sdk.NoSettings())
        await collector.open(context)
        records = await collector.read()
    return {record.shape.measurement: record for record in records if isinstance(record, sdk.Reading)}


def shown(reading):
    (row,) = reading.shape.rows
    values = {m.name: column[0] for m, column in zip(reading.shape.metrics, reading.columns, strict=True)}
    return dict((*row.key[2:], *row.info)), values


async def test_a_processor_and_a_storage_have_the_labels_that_queries_select_by():
    found = await readings(ResourcesCollector, HOST)
    labels, values = shown(found["hr_processor"])
    assert labels == {
        "hrDeviceIndex": "196608", "hrDeviceDescr": "ARMv8", "hrDeviceType": "1.3.6.1.2.1.25.3.1.3",
    }  # fmt: skip
    assert values == {"hrProcessorLoad": 37}
    labels, values = shown(found["hr_storage"])
    assert labels == {
        "hrStorageIndex": "1", "hrStorageDescr": "Physical memory", "hrStorageType": "1.3.6.1.2.1.25.2.1.2",
    }  # fmt: skip
    assert values == {"hrStorageAllocationUnits": 1024, "hrStorageSize": 4096, "hrStorageUsed": 1000}


async def test_a_cisco_sensor_is_as_its_mib_has_it():
    labels, values = shown((await readings(SensorsCollector, SENSOR))["ent_sensor"])
    assert labels == {
        "entPhysicalIndex": "1006", "entPhysicalName": "Inlet", "entSensorType": "8", "entSensorScale": "8",
    }  # fmt: skip
    assert values == {"entSensorValue": 4215, "entSensorPrecision": 1}


async def test_a_device_without_such_tables_has_no_such_series():
    assert set(await readings(ResourcesCollector, {})) == set()
