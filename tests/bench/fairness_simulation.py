#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How long do small organizations wait if organizations take turns, compared with first come, first served?

Simulates a day of 1,000 organizations, few of which request most of the exports (a Pareto distribution),
many at once, and 50 threads that are busy nine tenths of the day. Times are those of the model, so they are
the same on each machine.

First, the model of turns is compared with the queue itself: a PostgreSQL with the same arrivals, one thread,
weights, and the statements of common/job/sql/ must serve the same organizations in the same order, except for
ties, and must have the same passes at the end.

    tests/bench/fairness_simulation.py
    tests/bench/fairness_simulation.py --threads 10 --organizations 200 --seed 7
"""
import argparse
import collections
import contextlib
import heapq
import os
import pathlib
import random
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from support.program import ROOT, Exportd  # noqa: E402
from support.queue_rows import (QUEUE, claim_next, end_job, enqueue,  # noqa: E402
                                insert_organizations, prepare, statement)
from support.servers import Postgres  # noqa: E402

DAY = 86400
SMALL = 5  # exports per day of a small organization, at most


class FirstComeFirstServed:
    def __init__(self, weights):
        del weights
        self._jobs = collections.deque()

    def put(self, organization, job):
        self._jobs.append((organization, job))

    def take(self):
        return self._jobs.popleft() if self._jobs else None


class Turns:
    """Models find_place of migration 0008, claim.sql and tidy.sql: the organization with the lowest pass is
    served, and its pass grows by 1 / weight. A new organization starts with the lowest pass that waits."""

    def __init__(self, weights):
        self._weights = weights
        self.passes = {}  # of organizations with jobs
        self._jobs = collections.defaultdict(collections.deque)
        self._heap = []

    def lowest(self):
        while self._heap and self.passes.get(self._heap[0][1]) != self._heap[0][0]:
            heapq.heappop(self._heap)  # its pass has changed, or it has no jobs left
        return self._heap[0][0] if self._heap else None

    def put(self, organization, job):
        if organization not in self.passes:
            self._go_on(organization, self.lowest() or 0)
        self._jobs[organization].append(job)

    def _go_on(self, organization, number):
        self.passes[organization] = number
        heapq.heappush(self._heap, (number, organization))

    def take(self):
        if self.lowest() is None:
            return None
        return self.take_from(self._heap[0][1])

    def take_from(self, organization):
        job = self._jobs[organization].popleft()
        if self._jobs[organization]:
            self._go_on(organization, self.passes[organization] + 1 / self._weights[organization])
        else:
            del self.passes[organization]
        return organization, job


# ---- the model compared with the queue itself ----

def check_model(sql, steps, rng):
    """Raises an error if model and queue differ."""
    weights = {organization: rng.choice([1, 1, 2, 3])
               for organization in insert_organizations(sql, 12)}
    for organization, weight in weights.items():
        sql.execute("INSERT INTO exportd.organization (organization_id, weight) VALUES (%s, %s)",
                    (organization, weight))
    model = Turns(weights)
    for step in range(steps):
        if rng.random() < 0.4:
            organization = rng.choice(list(weights))
            for job in enqueue(sql, organization, rng.choice([1, 1, 1, 5])):
                model.put(organization, job)
        else:
            serve_both(sql, model, f"check:{step}")
    sql.execute("SELECT organization_id, pass FROM exportd.flow")
    passes = dict(sql.fetchall())
    if {key: round(value, 6) for key, value in passes.items()} != \
            {key: round(value, 6) for key, value in model.passes.items()}:
        raise RuntimeError(f"passes: {passes}, in the model {model.passes}")


def serve_both(sql, model, run):
    prepare(sql)
    job = claim_next(sql, run)
    if job is None:
        if model.lowest() is not None:
            raise RuntimeError("the queue has nothing to do, the model has")
        return
    end_job(sql, job, run)
    sql.execute(f"PREPARE tidy AS {statement('tidy')}")
    sql.execute("EXECUTE tidy (%s)", (QUEUE,))
    sql.execute("SELECT organization_id FROM exportd.export WHERE data_export_id = %s", (job,))
    organization = sql.fetchone()[0]
    if abs(model.passes[organization] - model.lowest()) > 1e-6:
        raise RuntimeError(f"organization {organization} is served out of turn")
    if model.take_from(organization) != (organization, job):
        raise RuntimeError(f"export {job} is not its organization's next")


# ---- the simulation ----

def make_arrivals(arguments, rng):
    """(time, organization, seconds of work), in order of time. Large organizations request in bursts."""
    asked = []
    for organization in range(arguments.organizations):
        left = min(int(rng.paretovariate(0.7)), 20_000)
        while left > 0:
            burst = rng.randint(1, left)
            moment = rng.uniform(0, DAY)
            asked += [(moment + n * 0.01, organization) for n in range(burst)]
            left -= burst
    asked.sort()
    work = 0.9 * arguments.threads * DAY / len(asked)
    return [(moment, organization, rng.expovariate(1 / work)) for moment, organization in asked]


def simulate(queue, arrivals, threads):
    """The wait of each job: (organization, seconds)."""
    waits, free, ends, n = [], threads, [], 0
    while n < len(arrivals) or ends:
        if not ends or n < len(arrivals) and arrivals[n][0] <= ends[0]:
            now, organization, _ = arrivals[n]
            queue.put(organization, n)
            n += 1
        else:
            now = heapq.heappop(ends)
            free += 1
        while free and (taken := queue.take()):
            organization, job = taken
            waits.append((organization, now - arrivals[job][0]))
            heapq.heappush(ends, now + arrivals[job][2])
            free -= 1
    return waits


def percentile(numbers, part):
    return sorted(numbers)[min(int(len(numbers) * part), len(numbers) - 1)]


def report(arguments, rng):
    arrivals = make_arrivals(arguments, rng)
    asked = collections.Counter(organization for _, organization, _ in arrivals)
    groups = {f"small (at most {SMALL})": lambda number: asked[number] <= SMALL,
              "others": lambda number: asked[number] > SMALL}
    weights = dict.fromkeys(asked, 1)
    print(f"{len(arrivals)} exports of {len(asked)} organizations; the largest asks for"
          f" {max(asked.values())}, {sum(count <= SMALL for count in asked.values())} are small\n")
    print(f"{'waiting time in seconds':26}{'p50':>10}{'p99':>10}{'longest':>10}")
    for name, queue in [("first come, first served", FirstComeFirstServed), ("turns", Turns)]:
        waits = simulate(queue(weights), arrivals, arguments.threads)
        print(name)
        for group, belongs in groups.items():
            times = [seconds for organization, seconds in waits if belongs(organization)]
            print(f"  {group:24}{percentile(times, 0.5):10.1f}{percentile(times, 0.99):10.1f}"
                  f"{max(times):10.1f}")


def main():
    parser = argparse.ArgumentParser(description="Simulation of turns")
    parser.add_argument("--program", default=os.path.join(ROOT, "build", "release", "exportd"))
    parser.add_argument("--organizations", type=int, default=1000)
    parser.add_argument("--threads", type=int, default=50)
    parser.add_argument("--steps", type=int, default=1000, help="of the model's check")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    os.environ["TEST_EXPORTD"] = arguments.program
    rng = random.Random(arguments.seed)
    postgres = Postgres()
    try:
        with tempfile.TemporaryDirectory(prefix="exportd-bench-") as folder:
            postgres.create_database("model")
            program = Exportd(folder, {"DATABASE_URL": postgres.url("model")})
            program.ok("migrate", "--standalone")
            program.create()
            with contextlib.closing(postgres.connect("model")) as connection:
                check_model(connection.cursor(), arguments.steps, rng)
    finally:
        postgres.close()
    print(f"the model serves as PostgreSQL does ({arguments.steps} steps)")
    report(arguments, rng)


if __name__ == "__main__":
    main()
