"""The record of a process, and the metric lines in its log."""

import json

import pytest
from machine import run


def some(site):
    """A function that has one planned and one unplanned load."""
    site.code("one", "one.py", "", pack=site.near)
    site.code("two", "two.py", "", pack=site.far)
    site.write()
    site.app("import one\ndef handler(e, c):\n    if e.get('fail'): raise ValueError('x')\n    import two\n    return 5\n")


def test_a_record_file_is_complete_after_each_invocation_and_at_exit(site):
    some(site)
    path = site.base + "/record.json"
    site.app("import one\ndef handler(e, c):\n    import json\n    before = json.load(open(%r))\n    import two\n"
             "    return [before['invocations'], before['miss_count'], before['loaded']['opt']]\n" % path)
    answer = run(site, events=[{}, {}], env={"CLOUDPACK_RECORD": path})
    assert answer["results"] == [[0, 0, 1], [1, 1, 1]] and answer["same"] is False
    with open(path, encoding="utf-8") as file:
        record = json.load(file)
    assert record["format"] == "cloudpack.record/1" and record["invocations"] == 2
    assert record["loaded"] == {"task": 0, "opt": 1, "mount": 0, "s3": 1} and record["catalog"] == site.digest
    assert [m["name"] for m in record["misses"]] == ["two"] and record["init_ms"] >= record["boot_ms"] > 0


def test_a_record_that_cannot_be_written_does_not_fail_the_function(site):
    some(site)
    assert run(site, env={"CLOUDPACK_RECORD": "/proc/nowhere/x"}).result == 5


def test_the_wrapper_passes_errors_on_and_keeps_the_name(site):
    some(site)
    answer = run(site, events=[{"fail": 1}], settings={"record": "log"})
    assert (answer.error["type"], answer.error["message"]) == ("ValueError", "x")


def test_log_lines_are_embedded_metrics_one_for_the_start_and_one_for_each_miss(site):
    some(site)
    answer = run(site, events=[{}, {}], settings={"record": "log"}, env={"AWS_LAMBDA_FUNCTION_NAME": "fn"})
    lines = [json.loads(x) for x in answer.stdout.partition("\n@@")[0].splitlines() if x.startswith("{")]
    assert [x["format"] for x in lines] == ["cloudpack.record/1", "cloudpack.miss/1"]
    for line in lines:
        metrics = line["_aws"]["CloudWatchMetrics"][0]
        assert metrics["Namespace"] == "cloudpack" and line["function"] == "fn"
        assert all(isinstance(line[m["Name"]], (int, float)) for m in metrics["Metrics"])
        assert all(d in line for ds in metrics["Dimensions"] for d in ds)
    assert lines[1]["name"] == "two" and lines[1]["invocation"] == 0


@pytest.mark.parametrize("value,expected", [("off", True), ("log", False)])
def test_only_a_wanted_record_wraps_the_handler(site, value, expected):
    some(site)
    assert run(site, settings={"record": value})["same"] is expected
