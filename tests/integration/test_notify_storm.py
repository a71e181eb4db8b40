"""A short storm: receivers that fail and kills at any moment lose nothing. `make bench` has 500 kills."""

from fakes.notice_storm import Storm


async def test_kills_and_faults_lose_no_message_and_double_none_that_has_a_reference(tmp_path):
    found = await Storm(tmp_path, kills=8).rage()
    assert {name: one.lost for name, one in found.items()} == dict.fromkeys(found, 0)
    assert {name: one.strange for name, one in found.items()} == dict.fromkeys(found, 0)
    assert found["govuk_notify"].repeated == 0
    assert found["webhook"].messages > 8
