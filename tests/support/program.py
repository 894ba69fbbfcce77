# SPDX-License-Identifier: Apache-2.0
"""The program under test: runs commands and workers, and reads their output, files and mails."""
import contextlib
import email
import email.policy
import glob
import json
import os
import signal
import subprocess
import tempfile

from support.waiting import wait_until

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# A sanitizer's error must not look like the program's own status 1.
SANITIZERS = {
    "ASAN_OPTIONS": "exitcode=99:detect_leaks=1:detect_stack_use_after_return=1",
    "LSAN_OPTIONS": "exitcode=99",
    "UBSAN_OPTIONS": "exitcode=99:print_stacktrace=1",
    "TSAN_OPTIONS": f"exitcode=99:halt_on_error=0:suppressions={ROOT}/tests/support/tsan.supp",
}
FINDINGS = ("AddressSanitizer", "LeakSanitizer", "ThreadSanitizer", "runtime error:")


def binary():
    path = os.environ.get("TEST_EXPORTD") or os.path.join(ROOT, "build", "asan", "exportd")
    if not os.access(path, os.X_OK):
        raise RuntimeError(f"{path}: not built; scripts/test builds it, or set TEST_EXPORTD")
    return os.path.abspath(path)


class Result:
    """The result of a command. `out` and `err` are text, `raw` is the bytes of standard output."""

    def __init__(self, arguments, status, raw, err):
        self.arguments = arguments
        self.status = status
        self.raw = raw
        self.out = raw.decode("utf-8", "replace")
        self.err = err

    def __repr__(self):
        return (f"exportd {' '.join(self.arguments)}: status {self.status}\n"
                f"--- stdout ---\n{self.out[-3000:]}\n--- stderr ---\n{self.err[-6000:]}")

    def json_lines(self):
        return [json.loads(line) for line in self.out.split("\n") if line]


def check_sanitizers(result):
    for finding in FINDINGS:
        assert finding not in result.err, result
    assert result.status != 99, result


class Worker:
    """A worker in the background. Its log is kept, unless it is written to the descriptor `stderr`."""

    def __init__(self, program, arguments, settings, stderr=None):
        self._arguments = [*program.options, "worker", *arguments]
        self._log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [program.path, *self._arguments], env=program.environment(settings), cwd=program.folder,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=self._log if stderr is None else stderr)

    def log_text(self):
        self._log.seek(0)
        return self._log.read().decode("utf-8", "replace")

    def log_lines(self):
        """The JSON lines written so far, without a line that is still being written."""
        lines = self.log_text().split("\n")[:-1]
        return [json.loads(line) for line in lines if line.startswith("{")]

    def events(self, name):
        return [line for line in self.log_lines() if line.get("event") == name]

    def wait_for_event(self, name, count=1, seconds=20):
        def seen():
            assert self.process.poll() is None or len(self.events(name)) >= count, self.log_text()
            return len(self.events(name)) >= count
        wait_until(seen, f"{count} times the log event {name}", seconds)

    def stop(self, number=signal.SIGTERM, seconds=40):
        """Sends a signal, waits, and returns the exit status (negative: the signal that ended the worker)."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        status = self.process.wait(seconds)
        check_sanitizers(Result(self._arguments, status, b"", self.log_text()))
        return status

    def kill(self):
        return self.stop(signal.SIGKILL)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._log.close()


class Exportd:
    """Runs the program in `folder`, with `settings` (names without EXPORTD_) and without the caller's
    environment."""

    def __init__(self, folder, settings):
        self.path = binary()
        self.folder = str(folder)
        self.settings = dict(settings)
        self.options = ()  # before the command

    @property
    def mail_folder(self):
        return os.path.join(self.folder, "mail")

    @property
    def store(self):
        return os.path.join(self.folder, "files")

    def environment(self, settings):
        """A setting of None is not set. A name in lower case is a variable without EXPORTD_ (TZ: `tz`)."""
        environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TMPDIR": self.folder,
                       **SANITIZERS}
        for name, value in {**self.settings, **settings}.items():
            if value is None:
                continue
            environment[f"EXPORTD_{name}" if name.isupper() else name.upper()] = str(value)
        return environment

    def run(self, *arguments, stdin=None, timeout=120, **settings):
        arguments = [str(argument) for argument in arguments]
        data = stdin.encode() if isinstance(stdin, str) else stdin
        done = subprocess.run([self.path, *self.options, *arguments], env=self.environment(settings),
                              cwd=self.folder, input=data if data is not None else b"",
                              capture_output=True, timeout=timeout)
        result = Result(arguments, done.returncode, done.stdout,
                        done.stderr.decode("utf-8", "replace"))
        check_sanitizers(result)
        return result

    def ok(self, *arguments, **options):
        """Runs a command that must succeed; returns its Result."""
        result = self.run(*arguments, **options)
        assert result.status == 0, result
        return result

    def fails(self, *arguments, status=1, **options):
        """Runs a command that must fail, with at least one line on standard error."""
        result = self.run(*arguments, **options)
        assert result.status == status, result
        assert result.err.strip(), result
        return result

    @contextlib.contextmanager
    def worker(self, *arguments, stderr=None, **settings):
        worker = Worker(self, [str(argument) for argument in arguments], settings, stderr)
        try:
            yield worker
        finally:
            worker.close()

    def drain(self, *arguments, **options):
        return self.ok("worker", "--drain", *arguments, **options)

    # Shorthands for most tests.

    def create(self, organization="acme", users=("ann@example.com",), projects=(1,)):
        """Makes an organization with users, and projects with the given ids; returns the organization's id."""
        identifier = self.ok("create", "organization", organization).out.strip()
        for address in users:
            self.ok("create", "user", address, "--organization", organization)
        for number in projects:
            self.ok("create", "project", f"project-{number}", "--organization", organization,
                    "--id", number)
        return int(identifier)

    def ingest(self, events, *flags, **options):
        lines = "".join(json.dumps(event, ensure_ascii=False) + "\n" for event in events)
        return self.ok("ingest", *flags, "-", stdin=lines, **options)

    def enqueue(self, project=1, group=1, key="color", organization="acme",
                user="ann@example.com", environment=None, limit=None, **options):
        """Returns the id of the export row. With --force: what does not exist is found out by the
        worker, and no tagstore is asked."""
        arguments = export_arguments(organization, project, group, key, environment, limit)
        out = self.ok("enqueue", "--force", *arguments, "--user", user, **options).out
        assert out.strip().isdigit() and out.endswith("\n") and out.count("\n") == 1, out
        return int(out)

    def tag_export(self, project=1, group=1, key="color", organization="acme", environment=None,
                   limit=None, **options):
        """Returns the bytes of the CSV."""
        arguments = export_arguments(organization, project, group, key, environment, limit)
        return self.ok("tag-export", *arguments, **options).raw

    def cut_tag_export(self, limit, group=1, **options):
        """As tag_export with a limit; also returns whether the program says that the limit cut the rows."""
        result = self.ok("tag-export", *export_arguments("acme", 1, group, "color", None, limit),
                         **options)
        notes = [line for line in result.err.splitlines() if "truncated" in line]
        assert notes in ([], [f"truncated: there are more than {limit} row{'s'[:limit != 1]}"])
        return result.raw, notes != []

    def status(self, export):
        lines = self.ok("status", export, "--json").json_lines()
        assert len(lines) == 1, lines
        return lines[0]

    def download(self, export):
        return self.ok("download", export, "-o", "-").raw

    def objects(self):
        """The paths of all files in the store, sorted."""
        return sorted(os.path.relpath(os.path.join(folder, name), self.store)
                      for folder, _, names in os.walk(self.store) for name in names)

    def mails(self, folder=None):
        """The .eml files, oldest first, as email.message.EmailMessage."""
        paths = glob.glob(os.path.join(folder or self.mail_folder, "*.eml"))
        mails = []
        for path in sorted(paths, key=os.path.getmtime):
            with open(path, "rb") as file:
                mails.append(email.message_from_binary_file(file, policy=email.policy.default))
        return mails

    def mail_of(self, export):
        """The only mail about this export, found by its link or its file name."""
        found = [mail for mail in self.mails() if f"/data-export/{export}/" in text_part(mail)]
        assert len(found) == 1, [text_part(mail) for mail in self.mails()]
        return found[0]


def export_arguments(organization, project, group, key, environment, limit):
    arguments = ["--organization", organization, "--project", project, "--group", group,
                 "--key", key]
    if environment is not None:
        arguments += ["--environment", environment]
    if limit is not None:
        arguments += ["--limit", limit]
    return arguments


def text_part(mail):
    return mail.get_body(("plain",)).get_content()


def html_part(mail):
    return mail.get_body(("html",)).get_content()
