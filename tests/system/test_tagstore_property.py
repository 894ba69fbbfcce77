# SPDX-License-Identifier: Apache-2.0
"""Random events, ingested by several processes at once, repeated, their groups merged: every read method
answers what a plain model of the events says (support/tagstore_model.py). TEST_SEED chooses
other events."""
import concurrent.futures
import datetime
import os
import random

import pytest

from support.events import event, hash_of
from support.tagstore_backends import BACKENDS, open_backend
from support.tagstore_model import TagstoreModel

EVENTS = 3000
PROCESSES = 4
QUESTIONS = 18  # per method, after each step
FILTERS = 40  # for the search filter, which has many kinds of conditions
PROJECTS = (1, 2)
ISSUES = [f"issue {n}" for n in range(7)]
ENVIRONMENTS = [None, "", "prod", "staging", "Prod", "entwicklung ü"]
KEYS = ["color", "browser", "os.name", "url", "n", "server_name"]
VALUES = ["", "red", "Red", "rot ", "größe", "😀", "e\u0301", "é", "a=b", "-1", '"quoted", \\', "x" * 200,
          "ü" * 200, 7, 0.5, "7"]
RELEASES = ["1.0", "2.0", "10", "ünstable", 100]
IDENTS = ["1", "2", "ann", "ünal", "x" * 128]
EMAILS = ["a@x.io", "b@x.io", "ü@x.io"]
NAMES = ["ann", "bob", "1"]
ADDRESSES = ["10.0.0.1", "::1", "0:0:0:0:0:0:0:1", "no address", "2001:DB8::2"]
START = datetime.datetime(2026, 3, 1, 12)

SEARCH = "get_group_ids_for_search_filter"
METHODS = {
    "get_tag_key": "key environment?", "get_tag_keys": "environment? limit?",
    "get_tag_value": "key value environment?", "get_tag_values": "key environment? limit?",
    "get_group_tag_key": "group key environment?",
    "get_group_tag_keys": "group environment? limit?",
    "get_group_tag_value": "group key value environment?",
    "get_group_tag_values": "group key environment? limit?",
    "get_group_list_tag_value": "group* key value environment?",
    "get_group_tag_value_count": "group key environment?",
    "get_top_group_tag_values": "group key environment? limit?",
    "get_group_tag_keys_and_top_values": "group environment?",
    "get_first_release": "group?", "get_last_release": "group?",
    "get_release_tags": "project* version* environment?",
    "get_group_event_ids": "group tag* environment?",
    SEARCH: "tag*? any*? empty*? environment?",
    "get_group_ids_for_users": "project* ident*? email*? username*? ip*? limit?",
    "get_group_tag_values_for_users": "project* ident*? email*? username*? ip*? limit?",
    "get_groups_user_counts": "group* environment?",
}


class Chance:
    """Draws events and questions."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.drawn = []  # the tags of all events so far

    def some(self, pool, likely=0.5):
        return [each for each in pool if self.random.random() < likely]

    def tags(self):
        tags = {key: self.random.choice(VALUES) for key in self.some(KEYS)}
        for key, pool in (("environment", ENVIRONMENTS[1:]), ("release", RELEASES)):
            if self.random.random() < 0.8:
                tags[key] = self.random.choice(pool)
        if self.random.random() < 0.1:
            tags["user"] = "id:1"  # counts only if the event has no user
        return tags

    def user(self):
        pools = {"id": IDENTS, "email": EMAILS, "username": NAMES, "ip_address": ADDRESSES}
        return {name: self.random.choice([*pool, ""])
                for name, pool in pools.items() if self.random.random() < 0.4}

    def event(self):
        when = START + datetime.timedelta(seconds=self.random.randint(0, 40),
                                          microseconds=self.random.choice([0, 0, 500000]))
        self.drawn.append(self.tags())
        return event(self.random.choice(ISSUES), self.random.choice(PROJECTS), when,
                     self.drawn[-1], self.user())

    def batches(self, events):
        """All events in batches of random sizes; some events are in several batches."""
        events = events + self.random.sample(events, len(events) // 5)
        self.random.shuffle(events)
        parts = []
        while events:
            size = self.random.choice([1, 10, 100, 500])
            parts.append(events[:size])
            events = events[size:]
        return parts

    # ---- questions ----

    def tag(self):
        key = self.random.choice([*KEYS, "release", "environment", "nothing"])
        pool = {"release": RELEASES, "environment": ENVIRONMENTS[2:]}.get(key, VALUES)
        return f"{key}={self.random.choice(pool)}"

    def tags_of_one_event(self):
        """Two to four tags of one event, so that few events have all of them, and fewer in one environment."""
        tags = [f"{key}={value}" for key, value in self.random.choice(self.drawn).items()]
        return self.random.sample(tags, min(len(tags), self.random.randint(2, 4)))

    def argument(self, name, groups):
        return {
            "project": lambda: self.random.choice(PROJECTS),
            "group": lambda: self.random.choice(groups),
            "environment": lambda: self.random.choice(ENVIRONMENTS[1:]),
            "key": lambda: self.random.choice([*KEYS, "environment", "sentry:user", "release",
                                               "nothing"]),
            "value": lambda: self.random.choice([*map(str, VALUES), "1.0", "id:1", "prod", "none"]),
            "limit": lambda: self.random.choice([0, 1, 2, 5]),
            "version": lambda: self.random.choice([*map(str, RELEASES), "none"]),
            "tag": self.tag,
            "any": lambda: self.random.choice([*KEYS, "release", "nothing"]),
            "empty": lambda: self.random.choice(KEYS),
            "ident": lambda: self.random.choice([*IDENTS, "nobody"]),
            "email": lambda: self.random.choice([*EMAILS, ""]),
            "username": lambda: self.random.choice(NAMES),
            "ip": lambda: self.random.choice(ADDRESSES),
        }[name]()

    def question(self, method, groups):
        """`groups` maps a project to the ids of its groups."""
        project = self.random.choice(PROJECTS)
        arguments = {"project": project}
        for word in METHODS[method].split():
            name = word.rstrip("?*")
            rare = 0.15 if name == "empty" else 0.6
            if "?" in word and self.random.random() > rare:
                continue
            if "*" in word:
                arguments[name] = [self.argument(name, groups[project])
                                   for _ in range(self.random.randint(1, 3))]
            else:
                arguments[name] = self.argument(name, groups[project])
        if method == SEARCH and self.random.random() < 0.6:
            arguments["tag"] = self.tags_of_one_event() or [self.tag()]
        elif method == SEARCH and not arguments.keys() & {"tag", "any", "empty"}:
            arguments["tag"] = [self.tag()]
        if isinstance(arguments["project"], list):  # a project that is given twice counts once
            arguments["project"] = sorted(set(arguments["project"]))
        return arguments


class Trial:
    def __init__(self, backend, seed):
        self.backend = backend
        self.chance = Chance(seed)
        self.events = []

    def ingest(self, events):
        """Ingests the events by several processes at once."""
        events = [self.backend.kept(each) for each in events]
        self.events += events
        with concurrent.futures.ThreadPoolExecutor(PROCESSES) as pool:
            list(pool.map(self.backend.insert, self.chance.batches(events)))

    def group_of(self, line):
        return self.group_ids[line["project_id"], line["hashes"][0]]

    def check(self):
        self.group_ids = {(project, hash_of(issue)): self.backend.issue(issue, project)
                          for project in PROJECTS for issue in ISSUES}
        self.model = TagstoreModel(self.events, self.group_of)
        groups = {project: [*{id for (number, _), id in self.group_ids.items() if number == project},
                            987654321] for project in PROJECTS}
        questions = [(method, self.chance.question(method, groups))
                     for method in METHODS
                     for _ in range(FILTERS if method == SEARCH else QUESTIONS)]
        with concurrent.futures.ThreadPoolExecutor(PROCESSES) as pool:
            wrong = [text for text in pool.map(self.compare, questions) if text]
        assert not wrong, f"{len(wrong)} of {len(questions)} answers, the first ones:\n" + \
            "\n".join(wrong[:5])

    def compare(self, question):
        method, arguments = question
        answer = self.backend.ask(method, **arguments)
        expected = getattr(self.model, method)(**arguments)
        if answer == expected:
            return None
        return f"{method} {arguments}:\n  {str(answer)[:1500]}\n  instead of\n  {str(expected)[:1500]}"


@pytest.mark.parametrize("name", sorted(BACKENDS))
def test_every_method_answers_as_the_model(name, request):
    backend = open_backend(request, name)
    backend.setup(projects=PROJECTS)
    trial = Trial(backend, int(os.environ.get("TEST_SEED", "1")))
    # Each issue once, so that all of them are there, and each environment.
    trial.ingest([event(issue, project, START, {"environment": environment})
                  for issue in ISSUES for project in PROJECTS for environment in ENVIRONMENTS[1:]])
    trial.ingest([trial.chance.event() for _ in range(EVENTS)])
    trial.check()
    trial.ingest(trial.chance.random.sample(trial.events, 500))
    for issue, into in (("issue 1", "issue 0"), ("issue 0", "issue 2")):
        backend.merge(backend.issue(issue), backend.issue(into))
    trial.ingest([trial.chance.event() for _ in range(300)])
    trial.check()
