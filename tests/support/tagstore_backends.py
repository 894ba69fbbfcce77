"""The backends of the tagstore, as the suites that run over all of them see one: events go in, lines
come out. A backend is a name of BACKENDS and a class with the members of Postgres."""
from support.events import hash_of


class Postgres:
    name = "postgres"

    def __init__(self, exportd, sql):
        self.exportd = exportd
        self.sql = sql

    def unit_environment(self):
        """Where tests/unit/tagstore/read_test.c finds the backend."""
        return {"EXPORTD_TEST_TAGSTORE": self.name,
                "EXPORTD_TEST_DATABASE_URL": self.exportd.settings["DATABASE_URL"]}

    def setup(self, projects=(1,)):
        self.exportd.create(projects=projects)

    def insert(self, events):
        self.exportd.ingest(events)

    def group_id(self, project, value):
        """The id of the group that has the hash `value`."""
        self.sql.execute("SELECT group_id FROM sentry_grouphash WHERE project_id = %s AND hash = %s",
                         (project, value))
        return self.sql.fetchone()[0]

    def environment_id(self, name):
        self.sql.execute("SELECT id FROM sentry_environment WHERE name = %s", (name,))
        return self.sql.fetchone()[0]

    def issue(self, name, project=1):
        return self.group_id(project, hash_of(name))

    def run(self, method, **arguments):
        """The Result of `exportd tagstore METHOD`; a list is an option that is repeated."""
        return self.exportd.run("tagstore", method, *options(arguments), TAGSTORE=self.name)

    def ask(self, method, **arguments):
        """The lines of the answer; None when it was not found."""
        result = self.run(method, **arguments)
        if result.status == 1 and "no such tag" in result.err and not result.out:
            return None
        assert result.status == 0 and not result.err, result
        return result.json_lines()


BACKENDS = {"postgres": Postgres}


def options(arguments):
    words = []
    for name, values in arguments.items():
        if values is None:
            continue
        for value in values if isinstance(values, (list, tuple)) else [values]:
            words += [f"--{name}", value]
    return words
