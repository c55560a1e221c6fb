"""What becomes of the tests in a spec file (docs/spec §L25.1)."""

from __future__ import annotations

from pathlib import Path

from soli_runtime.testing import Options, Status
from soli_runtime.testing.command import run_files
from soli_runtime.testing.one_file import run_file
from soli_runtime.testing.rerunning import run_again

from .conftest import RunSpec, statuses


def test_each_test_is_counted(run_spec: RunSpec) -> None:
    """Tests are counted, not files."""
    report = run_spec(
        """
        describe("a") do
          test("one") do
            assert(true)
          end
          test("two") do
            assert(false)
          end
        end
        """
    )

    assert statuses(report) == {"a › one": "passed", "a › two": "failed"}


def test_assertions_that_hold_are_counted(run_spec: RunSpec) -> None:
    """The count of assertions leaves out those that failed."""
    report = run_spec(
        """
        test("one") do
          assert(true)
          assert_eq(1, 1)
          expect(1).to_be(2)
        end
        """
    )

    assert report.assertions == 2


def test_tests_outside_groups_run(run_spec: RunSpec) -> None:
    """A file of plain tests needs no group."""
    assert statuses(run_spec('test("alone") do\n assert(true)\nend')) == {"alone": "passed"}


def test_a_file_is_run_before_its_tests(run_spec: RunSpec) -> None:
    """What stands below a group is there for its tests."""
    report = run_spec(
        """
        describe("a") do
          test("sees what follows") do
            assert_eq(later(), 5)
          end
        end
        def later() 5 end
        """
    )

    assert statuses(report) == {"a › sees what follows": "passed"}


def test_tests_of_a_group_run_before_the_groups_in_it(run_spec: RunSpec) -> None:
    """Nested suites come last."""
    report = run_spec(
        """
        describe("a") do
          describe("inner") do
            test("second") do end
          end
          test("first") do end
        end
        """
    )

    assert list(statuses(report)) == ["a › first", "a › inner › second"]


def test_an_error_in_before_each_fails_the_test(run_spec: RunSpec) -> None:
    """The body is not run then."""
    report = run_spec(
        """
        ran = false
        describe("a") do
          before_each(fn() { throw "no" })
          test("one") do
            ran = true
          end
        end
        describe("b") do
          test("the body was not run") do
            assert_not(ran)
          end
        end
        """
    )

    assert statuses(report) == {"a › one": "failed", "b › the body was not run": "passed"}


def test_an_error_in_after_each_fails_the_test(run_spec: RunSpec) -> None:
    report = run_spec(
        """
        describe("a") do
          after_each(fn() { throw "no" })
          test("one") do end
        end
        """
    )

    assert statuses(report) == {"a › one": "failed"}


def test_an_error_in_before_all_fails_all_tests_of_the_group(run_spec: RunSpec) -> None:
    """Also those of the groups in it."""
    report = run_spec(
        """
        describe("a") do
          before_all(fn() { throw "no" })
          test("one") do end
          describe("inner") do
            test("two") do end
          end
        end
        """
    )

    assert statuses(report) == {"a › one": "failed", "a › inner › two": "failed"}


def test_an_error_in_after_all_is_a_failure_of_its_own(run_spec: RunSpec) -> None:
    report = run_spec(
        """
        describe("a") do
          after_all(fn() { throw "no" })
          test("one") do end
        end
        """
    )

    assert statuses(report) == {"a › one": "passed", "a › after_all": "failed"}


def test_the_last_hook_of_a_kind_counts(run_spec: RunSpec) -> None:
    report = run_spec(
        """
        log = []
        describe("a") do
          before_each(fn() { log.push("first") })
          before_each(fn() { log.push("second") })
          test("one") do
            assert_eq(log, ["second"])
          end
        end
        """
    )

    assert statuses(report) == {"a › one": "passed"}


def test_skip_and_pending_are_reported_as_skipped(run_spec: RunSpec) -> None:
    """In a test, by a missing body, and for a whole group; never swallowed by a catch."""
    report = run_spec(
        """
        describe("a") do
          test("one") do
            skip("later")
          end
          test("two") do
            try
              pending()
            catch e
              assert(false)
            end
          end
          test("three")
          describe("b") do
            test("four") do end
            skip("all of it")
          end
        end
        """
    )

    assert set(statuses(report).values()) == {"skipped"}
    assert [outcome.message for outcome in report.outcomes] == ["later", "", "pending", "all of it"]


def test_an_endless_loop_fails_only_its_own_test(run_spec: RunSpec) -> None:
    report = run_spec(
        """
        describe("a") do
          test("loops") do
            while true
              1
            end
          end
          test("goes on") do end
        end
        """,
        seconds=0.2,
    )

    assert statuses(report) == {"a › loops": "failed", "a › goes on": "passed"}
    assert "time limit exceeded" in report.failures[0].message


def test_endless_recursion_fails_only_its_own_test(run_spec: RunSpec) -> None:
    report = run_spec(
        """
        def f() f() end
        test("recurses") do
          f()
        end
        test("goes on") do end
        """
    )

    assert statuses(report) == {"recurses": "failed", "goes on": "passed"}


def test_a_file_that_does_not_parse_is_one_failure(run_spec: RunSpec) -> None:
    """With the rendered error, not a crash."""
    report = run_spec('describe("a") do\n  test("x" do\nend\n')

    assert report.count(Status.FAILED) == 1
    assert "Error: Parser error" in report.failures[0].detail or "-->" in report.failures[0].detail


def test_a_file_that_fails_to_load_is_one_failure(run_spec: RunSpec) -> None:
    report = run_spec('test("never") do end\nnowhere_to_be_found\n')

    assert report.count(Status.FAILED) == 1
    assert "Undefined variable 'nowhere_to_be_found'" in report.failures[0].message


def test_a_file_that_is_no_text_is_one_failure(tmp_path: Path) -> None:
    path = tmp_path / "bytes_spec.soli"
    path.write_bytes(b"\xff\xfe")

    report = run_file(path, Options())

    assert "not UTF-8" in report.failures[0].message


def test_the_clock_runs_again_for_each_test(run_spec: RunSpec) -> None:
    report = run_spec(
        """
        test("freezes") do
          freeze_time(5)
          assert_eq(datetime_now(), 5)
        end
        test("is not frozen") do
          assert(datetime_now() > 5)
        end
        """
    )

    assert set(statuses(report).values()) == {"passed"}


def test_files_do_not_see_each_other(tmp_path: Path) -> None:
    """Each runs in a fresh interpreter."""
    first, second = tmp_path / "a_spec.soli", tmp_path / "b_spec.soli"
    first.write_text('String.define_method("mine", fn() 1)\ntest("x") do end')
    second.write_text('test("y") do\n  "s".mine\nend')

    report = run_files([first, second], Options())

    assert [file.count(Status.FAILED) for file in report.files] == [0, 1]


def test_filter_takes_part_of_the_full_name_in_any_case(run_spec: RunSpec) -> None:
    """Hooks of groups without a wanted test are not run."""
    report = run_spec(
        """
        describe("Users") do
          test("log in") do end
          test("log out") do end
        end
        describe("Posts") do
          before_all(fn() { throw "not run" })
          test("are written") do end
        end
        """,
        filter="users › log IN",
    )

    assert statuses(report) == {"Users › log in": "passed"}


def test_fail_fast_stops_at_the_first_failure(run_spec: RunSpec) -> None:
    report = run_spec(
        """
        test("one") do
          assert(false)
        end
        test("two") do end
        """,
        fail_fast=True,
    )

    assert statuses(report) == {"one": "failed"}


def test_sleeping_does_not_count_as_computing(run_spec: RunSpec) -> None:
    """A test may wait without using up its budget of computing."""
    report = run_spec('test("waits") do\n  sleep(0.05)\nend', seconds=5)

    assert statuses(report) == {"waits": "passed"}


def test_a_failure_shows_both_values_and_where_they_differ(run_spec: RunSpec) -> None:
    report = run_spec('test("differs") do\n  assert_eq("abcd", "abXd")\nend')

    lines = report.failures[0].detail.split("\n")
    assert lines[:3] == ['left:  "abcd"', 'right: "abXd"', "          ^"]
    assert any("assert_eq" in line for line in lines[3:])


def test_a_failure_knows_its_place(run_spec: RunSpec) -> None:
    report = run_spec('test("fails") do\n  assert(false)\nend')

    assert report.failures[0].message == "assertion failed at 2:3"
    assert report.failures[0].line == 1


def test_an_assertion_may_say_what_it_was_about(run_spec: RunSpec) -> None:
    report = run_spec('test("fails") do\n  assert_eq(1, 2, "the answer")\nend')

    assert report.failures[0].detail.startswith("the answer")


def test_request_builtins_say_that_there_is_no_app(run_spec: RunSpec) -> None:
    report = run_spec('test("asks") do\n  get("/")\nend')

    assert "there is no app to test" in report.failures[0].message


def test_bodies_of_groups_run_after_the_file(run_spec: RunSpec) -> None:
    """A body may use what stands below it."""
    report = run_spec(
        """
        describe("a") do
          let value = later()
          test("sees it") do
            assert_eq(value, 5)
          end
        end
        def later() 5 end
        """
    )

    assert statuses(report) == {"a › sees it": "passed"}


def test_a_body_that_fails_is_a_failure_of_its_own(run_spec: RunSpec) -> None:
    """What it registered until then is run, and so are the other groups."""
    report = run_spec(
        """
        describe("a") do
          test("one") do end
          nowhere_to_be_found
          test("never seen") do end
        end
        describe("b") do
          test("two") do end
        end
        """
    )

    assert statuses(report) == {
        "a › the body of the group": "failed",
        "a › one": "passed",
        "b › two": "passed",
    }


def test_several_processes_give_the_same_reports(tmp_path: Path) -> None:
    """In the order of the files."""
    paths = []
    for name in ("a", "b", "c"):
        path = tmp_path / f"{name}_spec.soli"
        path.write_text(f'test("{name}") do\n  assert_eq("{name}", "b")\nend\n')
        paths.append(path)

    report = run_files(paths, Options(jobs=2))

    assert [file.path for file in report.files] == paths
    assert [file.count(Status.FAILED) for file in report.files] == [1, 0, 1]


def test_factories_make_hashes(run_spec: RunSpec) -> None:
    report = run_spec(
        """
        Factory.define("user", fn(n) { "name": "User #{n}", "admin": false })
        test("makes") do
          assert_eq(Factory.create("user"), { "name": "User 1", "admin": false })
          assert_eq(Factory.create("user", { "admin": true })["admin"], true)
          assert_eq(Factory.create_list("user", 2).pluck("name"), ["User 3", "User 4"])
          assert_eq([Factory.sequence("n"), Factory.sequence("n")], [1, 2])
        end
        """
    )

    assert statuses(report) == {"makes": "passed"}


def test_watching_runs_again_after_each_change() -> None:
    """The status is that of the last run."""
    results = iter([0, 1, 0])
    written: list[str] = []

    status = run_again(lambda: next(results), iter(["change", "change"]), written.append)

    assert status == 0
    assert sum("waiting for changes" in text for text in written) == 3
