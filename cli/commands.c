/* SPDX-License-Identifier: Apache-2.0 */
/* The list of commands, with their help. */
#include "cli/cli.h"

const struct command commands[] = {
    {"migrate", "[--standalone]", "Create exportd's own tables",
     "\nAdds the schema `exportd` to the database, or brings it up to date; nothing of Sentry's is "
     "altered.\n"
     "With --standalone also the tables that a Sentry would have, each only if it is absent; "
     "refused in\n"
     "the database of a real Sentry. Safe to repeat and to run twice at once. Stop workers of an "
     "older\n"
     "version first. A queue that exportd 0.1.0 had in Redis is taken over, once: while one of its "
     "workers\n"
     "lives, or Redis is away, nothing is changed. Each queue of a database is taken over by a run "
     "with\n"
     "its EXPORTD_QUEUE.\n",
     command_migrate},
    {"create",
     "organization SLUG | user EMAIL --organization SLUG | project SLUG --organization SLUG [--id "
     "N]",
     "Make the few rows that a stand-alone installation needs",
     "\nPrints the bare id. Repeating a command is no error: it prints the id again. --id N gives "
     "the\n"
     "project that id.\n"
     "\nexample: exportd create project web --organization acme --id 7\n",
     command_create},
    {"worker", "[--concurrency N] [--drain [--ignore-mail]]",
     "Take jobs from the queue and run them",
     "\nRuns until TERM, INT or QUIT: then it takes no more jobs, lets the running ones finish "
     "for\n"
     "EXPORTD_STOP_SECONDS, and puts the rest back. A second signal puts them back at once. USR1 "
     "logs what it\n"
     "does at the moment; HUP and USR2 do nothing. A worker also\n"
     "brings the messages of Celery's producers from Redis into the queue, unless another worker "
     "does it.\n"
     "With a concurrency above 1 one thread is kept for exports of at most EXPORTD_SMALL_ROWS "
     "rows.\n"
     "\n--drain ends with status 0 as soon as nothing is left to do: no message in Redis, no job "
     "that waits,\n"
     "is delayed or runs at any worker, and no mail that waits. Dead messages and mails given up "
     "do not\n"
     "count; with --ignore-mail no mail does: those that wait are left to another worker. A server "
     "that is away\n"
     "at the start, and a paused queue in which jobs wait, is status 1. On a terminal it says "
     "every "
     "few seconds\n"
     "what it waits for.\n",
     command_worker},
    {"enqueue",
     "--organization SLUG --user EMAIL-or-ID --project ID --group ID --key KEY [--environment "
     "NAME] "
     "[--limit N] [--json]\n"
     "       exportd enqueue --organization SLUG --user EMAIL-or-ID --type discover --query-info "
     "JSON",
     "Ask for an export",
     "\nMakes the export and its job, in one transaction; prints the export's id. When the same "
     "user has\n"
     "asked for the same and it is not finished yet, that one's id is printed and nothing new is "
     "made;\n"
     "if it has another limit or environment, that is an error that names the id. Refused when as "
     "many of the\n"
     "organization's exports wait as may (`exportd quota`). Project, issue and key are not looked "
     "at here: the\n"
     "worker's mail tells. No Redis is needed.\n"
     "\nexample with --json:\n"
     "  {\"id\":27,\"created\":true}\n",
     command_enqueue},
    {"estimate",
     "--organization SLUG --project ID --group ID --key KEY [--environment NAME] [--limit N] "
     "[--json]\n"
     "       exportd estimate --organization SLUG --type discover --query-info JSON [--json]",
     "Tell about how large an export would be",
     "\nTakes the words of enqueue, --user or not, asks the tagstore, and makes nothing. The rows "
     "are "
     "as\n"
     "PostgreSQL has counted them; from Snuba they are a few per cent wrong. The bytes are the "
     "rows "
     "by a\n"
     "usual width of the CSV: 80, and 140 for the key `user`. \"unknown\", or null: exports of "
     "this "
     "type\n"
     "cannot be estimated. No answer of the tagstore within 5 s is status 1.\n"
     "\nexample line, and with --json:\n"
     "  about 12345 rows, 987.6 kB\n"
     "  {\"rows\":12345,\"bytes\":987600}\n",
     command_estimate},
    {"status",
     "ID [--json] [--watch]\n"
     "       exportd status [--organization SLUG] [--user EMAIL-or-ID] [--state STATE] [--type "
     "TYPE]\n"
     "                      [--limit N] [--before ID] [--json]",
     "Show an export, or list exports",
     "\nSTATUS: EARLY (not finished), VALID, EXPIRED, FAILED (its user got a mail), CANCELLED, "
     "GONE "
     "(its row\n"
     "was deleted, by `exportd delete` or another program). --watch follows one export until it is "
     "finished: on a "
     "terminal a bar\n"
     "with its rows and bytes and, where its rows were estimated, the percentage and the time "
     "left; "
     "else a\n"
     "line at each change. The exit status is then 0 for VALID, 1 for all other ends.\n"
     "\nWithout an ID: the newest exports, 50 or --limit (1 to 1000), that all options hold for. "
     "STATE is\n"
     "waiting, running, delayed, valid, failed, cancelled or gone; an export that exportd has "
     "never "
     "seen has\n"
     "none (-). TYPE is issues-by-tag or discover. --user takes the id also of a user who is gone. "
     "A list\n"
     "that does not end with the oldest one says on standard error how many there are, and which "
     "--before\n"
     "shows the next ones:\n"
     "  50 of 137 exports; older ones: --before 118\n"
     "\nexample with --json (one line each):\n"
     "  {\"id\":27,\"status\":\"VALID\",\"state\":\"valid\",\"type\":\"Issues-by-Tag\","
     "\"organization\":\"acme\",\n"
     "   \"user\":\"ann@example.com\",\"file_name\":\"Issues-by-Tag_2020-March-25_27.csv\",\n"
     "   \"query_info\":\"{...}\",\"limit\":null,\"environment_id\":null,\n"
     "   \"date_added\":\"2020-03-25T16:12:18.123456Z\",\"date_finished\":...,"
     "\"date_expired\":...,\n"
     "   \"rows\":1001,\"bytes\":73410,\"pages\":2,\"size\":73410,\"sha1\":\"85b2...\",\n"
     "   \"attempts\":1,\"failures\":0,\"worker\":null,\n"
     "   \"next_try_at\":null,\"message\":null,\"mail\":\"sent\",\"mail_message\":null,"
     "\"source\":\"cli\",\n"
     "   \"priority\":0,\"big\":false,\"crashes\":0,\"rows_expected\":1000,\n"
     "   \"values_read\":0,\"truncated\":null,\n"
     "   \"window_from\":null,\"window_to\":null,\"started_at\":...,\"progress_at\":...,"
     "\"expires_at\":null,\n"
     "   \"cause\":null,\"retry_of\":null}\n"
     "size and sha1 are those of the stored file. A limit or environment_id that is no number is "
     "\"invalid\".\n"
     "cause tells operators what went wrong, in the words of the servers. With an ID there are "
     "also place\n"
     "(of a waiting export among those of its organization; 1 is the next, 1001 any beyond the "
     "thousandth)\n"
     "and reason (what it waits for); else they are null:\n"
     "   \"place\":3,\"reason\":\"2 exports of its organization run, which is the most\"\n",
     command_status},
    {"download", "ID [-o FILE]", "Fetch the file of an export",
     "\nSize and SHA-1 are checked. Without -o the file gets its own name in the current folder, "
     "never over\n"
     "an existing file; -o FILE replaces one; `-o -` writes to standard output, where each blob is "
     "checked\n"
     "before it is written and the whole at the end. Prints the name of the file.\n",
     command_download},
    {"cleanup", "[--dry-run]", "Free the files of expired exports",
     "\nFor cron: removes files of expired exports with the blobs and objects that no other file "
     "uses, the\n"
     "objects of interrupted uploads, history older than EXPORTD_HISTORY_DAYS, and entries of the "
     "audit\n"
     "older than EXPORTD_AUDIT_DAYS; without a Sentry also blobs that no file has held for a day. "
     "One bad\n"
     "row never stops the rest; the exit status is 1 if any failed. Several at once do no harm. "
     "--dry-run\n"
     "changes nothing.\n"
     "\nexample line:\n"
     "  removed 2 files, 3 blobs, 3 objects (2100034 bytes), the history of 1 export and 4 audit "
     "entries; 0 failed\n",
     command_cleanup},
    {"cancel", "ID... [--json]", "End exports that are not wanted any more",
     "\nWhat waits, is delayed or runs is ended: no mail is sent, and `status` shows CANCELLED. "
     "The worker\n"
     "that runs one stops within a second or two, and removes what it has stored. One that is "
     "unknown or\n"
     "finished is told on standard error (with --json: in its line) and does not stop the others; "
     "the exit\n"
     "status is then 1.\n"
     "\nexample line, and with --json:\n"
     "  cancelled 27\n"
     "  {\"id\":27,\"cancelled\":true,\"error\":null}\n",
     command_cancel},
    {"retry", "ID... [--json]", "Ask again for exports that have failed",
     "\nA failed or cancelled export is asked for again: same query, limit, environment, user. The "
     "new\n"
     "export's id is printed; if an equal one is not finished yet, that one's. A delayed export is "
     "due at\n"
     "once, and its own id is printed. One that cannot be retried is told on standard error (with "
     "--json: in\n"
     "its line) and does not stop the others; the exit status is then 1.\n"
     "\nexample line, and with --json:\n"
     "  31\n"
     "  {\"id\":27,\"retried\":true,\"retried_as\":31,\"error\":null}\n",
     command_retry},
    {"delete", "ID... [--json]", "Delete finished exports with their files",
     "\nThe file goes with the blobs that no other file shares; `status` shows GONE until the "
     "history ends. One\n"
     "that is unknown, not finished, or has no file because it failed is told on standard error "
     "(with --json:\n"
     "in its line) and does not stop the others; the exit status is then 1.\n"
     "\nexample line, and with --json:\n"
     "  deleted 27\n"
     "  {\"id\":27,\"deleted\":true,\"error\":null}\n",
     command_delete},
    {"quota",
     "show [--organization SLUG-or-ID] [--json]\n"
     "       exportd quota set --organization SLUG-or-ID [--weight W] [--max-running N] "
     "[--max-queued N]\n"
     "                         [--expiration-days N] [--json]",
     "Show or set what an organization may have",
     "\nshow: one organization, or all that have something of their own; a number that is not "
     "marked with\n"
     "(own) is that of the settings. set takes `default` to go back to the setting, and shows the "
     "result.\n"
     "Organizations take turns by weight (0.001 to 1000; 1 unless set): one of weight 2 gets two "
     "turns.\n"
     "--max-running: exports at once (EXPORTD_MAX_RUNNING); 0 holds them all back. --max-queued: "
     "exports that\n"
     "wait or are delayed (EXPORTD_MAX_QUEUED); enqueue and retry refuse more, Celery's messages "
     "are "
     "not\n"
     "refused. --expiration-days: of exports that are finished from now on "
     "(EXPORTD_EXPIRATION_DAYS).\n"
     "\nexample line, and with --json:\n"
     "  acme  weight 2 (own)  max_running 1000  max_queued 100000  expiration_days 28\n"
     "  {\"organization\":\"acme\",\"organization_id\":1,\"weight\":2.0,\"max_running\":1000,"
     "\n"
     "   \"max_queued\":100000,\"expiration_days\":28,\"own\":[\"weight\"]}\n",
     command_quota},
    {"purge", "--user EMAIL-or-ID | --organization SLUG-or-ID [--dry-run] [--json]",
     "Delete all exports of a user or organization that is gone",
     "\nCancels what is not finished, and deletes all exports with their history, the mails that "
     "wait, and\n"
     "the files that no other export shares. A user whose row is gone is named by id, also an "
     "organization.\n"
     "Rows of users and organizations, and the entries of `audit`, which hold ids only, stay. "
     "After an\n"
     "interruption give the command again. --dry-run only counts.\n"
     "\nexample line, and with --json:\n"
     "  removed 3 exports (1 not finished), 2 files and 1 waiting mail; 0 failed\n"
     "  {\"exports\":3,\"cancelled\":1,\"files\":2,\"mails\":1,\"failed\":0,"
     "\"dry_run\":false}\n",
     command_purge},
    {"audit",
     "[--organization SLUG-or-ID] [--user EMAIL-or-ID] [--action ACTION] [--export ID] [--limit N] "
     "[--before ID] [--json]",
     "Show who did what with which export",
     "\nNewest first, 50 entries unless --limit tells otherwise. Where there are more, the last "
     "line (on\n"
     "standard error) says how to see older ones. ACTION: create, download, cancel, retry, delete, "
     "expiry,\n"
     "purge. --user: whose export it is. The actor is cli: and the user of the operating system, "
     "or cleanup.\n"
     "Entries are kept for EXPORTD_AUDIT_DAYS.\n"
     "\nexample line, and with --json:\n"
     "  12  2020-03-25T16:12:18.123456Z  download  export 27  acme  ann@example.com  by cli:root\n"
     "  {\"id\":12,\"at\":\"2020-03-25T16:12:18.123456Z\",\"action\":\"download\","
     "\"data_export_id\":27,\n"
     "   \"organization_id\":1,\"organization\":\"acme\",\"user_id\":5,"
     "\"user\":\"ann@example.com\",\n"
     "   \"actor\":\"cli:root\",\"detail\":null}\n",
     command_audit},
    {"tag-export",
     "--organization SLUG --project ID --group ID --key KEY [--environment NAME] [--limit N]",
     "Write an issues-by-tag CSV to standard output at once",
     "\nThe same bytes as an export by the worker; no queue, no file store, no mail. If the limit\n"
     "leaves rows out, standard error says so: `truncated: there are more than N rows`.\n"
     "\nexample: exportd tag-export --organization acme --project 7 --group 12 --key browser\n",
     command_tag_export},
    {"tagstore", "METHOD [--project ID] [--group ID] [--environment NAME] [--key KEY] ...",
     "Ask the tagstore: which tags and values there are, how often, since when",
     "\nMETHOD is a read method of Sentry's tagstore; `exportd tagstore help` lists them with "
     "their\n"
     "arguments. The answer is JSON, an object a line; an empty list is no line. A key or value "
     "that\n"
     "is not there is exit status 1. `exportd tagstore compare METHOD ... --left BACKEND --right "
     "BACKEND`\n"
     "asks two backends and prints \"equal\", or how they differ, with exit status 1.\n"
     "\nexamples:\n"
     "  exportd tagstore get_group_tag_key --project 7 --group 12 --key browser\n"
     "  {\"key\":\"browser\",\"times_seen\":10,\"values_seen\":2,\"group_id\":12}\n"
     "  exportd tagstore get_tag_values --project 7 --key browser --environment production\n"
     "  {\"key\":\"browser\",\"value\":\"Firefox\",\"times_seen\":7,\n"
     "   \"first_seen\":\"2020-03-25T16:12:18.000000Z\","
     "\"last_seen\":\"2020-03-26T08:00:00.000000Z\",\n"
     "   \"group_id\":null}\n"
     "  exportd tagstore get_group_tag_keys_and_top_values --project 7 --group 12\n"
     "  {\"id\":\"browser\",\"name\":\"Browser\",\"key\":\"browser\",\"uniqueValues\":2,"
     "\"totalValues\":10,\n"
     "   \"topValues\":[{\"id\":\"Firefox\",\"name\":\"Firefox\",\"key\":\"browser\","
     "\"value\":\"Firefox\"},...]}\n",
     command_tagstore},
    {"ingest", "[--rebase-time] FILE or -", "Count events, one JSON object a line",
     "\nAn event that was counted before is not counted again, so an interrupted run can be "
     "repeated; "
     "several\n"
     "may run at once. A bad line is reported with its number and skipped; the exit status is then "
     "1. The\n"
     "file may be compressed with gzip. --rebase-time shifts all times so that the newest is now. "
     "Events are\n"
     "counted in PostgreSQL; Redis, if there is one, gets the last event of each group hash, and "
     "may be away.\n"
     "Refused where "
     "EXPORTD_TAGSTORE is snuba, which is fed in another way and would not show them.\n"
     "\nexample line:\n"
     "  {\"event_id\":\"0123456789abcdef0123456789abcdef\",\"project_id\":7,\"hashes\":[\"a1\"],"
     "\"message\":\"boom\",\n   "
     "\"platform\":\"python\",\"datetime\":\"2020-03-25T16:12:18.000000Z\",\n"
     "   "
     "\"data\":{\"received\":1585152738,\"tags\":{\"browser\":\"Firefox\",\"environment\":"
     "\"production\"},\n"
     "   \"sentry.interfaces.User\":{\"id\":\"1\",\"email\":\"jane@example.com\"}}}\n",
     command_ingest},
    {"grouphash", "last-processed --project ID HASH...", "Show the last event of group hashes",
     "\nOne JSON object for each hash, in the order asked: the last event of it that ingest has "
     "stored, as\n"
     "Redis remembers it; null where it knows none. Fails where there is no Redis.\n"
     "\nexample line:\n"
     "  {\"hash\":\"a1\",\"grouphash_id\":12,\"event_id\":"
     "\"0123456789abcdef0123456789abcdef\"}\n",
     command_grouphash},
    {"group", "merge --into ID ID... [--json]", "Merge groups (issues) of a project into one",
     "\nEvents, tags, hashes, counters and earlier redirects of each ID become those of the group "
     "that\n"
     "--into names; the merged group is deleted, and a redirect leads from its id to that one, so "
     "that an\n"
     "export by the old id works. Nothing is changed if one of the groups does not exist or "
     "belongs to\n"
     "another project. Each group is one transaction, and events may come in meanwhile; a command "
     "that was\n"
     "interrupted can be given again. Refused in the database of a real Sentry, and where "
     "EXPORTD_TAGSTORE\n"
     "is snuba: its events would stay where they are.\n"
     "\nexample line, and with --json:\n"
     "  merged group 12 into group 7: 3 events, 1 hash, 0 redirects\n"
     "  {\"group_id\":12,\"into\":7,\"merged\":true,\"events\":3,\"hashes\":1,\"redirects\":0}"
     "\n",
     command_group},
    {"mail",
     "list [--state waiting|sent|given-up] [--json]\n"
     "       exportd mail resend ID... | --all [--json]",
     "Look at the mails of exports, and send them again",
     "\nlist: the mails that wait or are given up, or those of a state, each with its tries, the "
     "next "
     "one, the\n"
     "recipient, and what the mail server said last. resend: the mail of the export with this id "
     "is "
     "due at\n"
     "once, also one that was sent, with the same Message-ID; --all: those that are given up. An "
     "export that has\n"
     "no mail is told on standard error (with --json: in its line) and does not stop the others; "
     "the "
     "exit\n"
     "status is then 1.\n"
     "\nexamples with --json:\n"
     "  "
     "{\"id\":27,\"state\":\"given-up\",\"organization\":\"acme\",\"recipient\":\"ann@example."
     "com\",\n"
     "   \"message_id\":\"<27.1.1a2b3c4d@example.com>\",\"tries\":31,\"perhaps_sent\":0,\n"
     "   \"first_try_at\":\"2020-03-25T16:12:18.123456Z\",\"next_try_at\":null,\n"
     "   \"message\":\"the mail server refused the recipient: 554 5.7.1 relay denied\"}\n"
     "  {\"id\":27,\"resent\":true,\"error\":null}\n",
     command_mail},
    {"queue",
     "[stats | workers | delayed | dead | retry ENTRY | retry --all | drop ENTRY | pause | resume] "
     "[--json]",
     "Look at the queue and operate it",
     "\nstats (also without a word): what waits, runs, is delayed, is dead. What waits includes "
     "messages\n"
     "that are still in Redis; if Redis is away, they are left out. workers: each with its last "
     "sign of\n"
     "life and what it runs; one that is SILENT has died, and its exports are about to wait again. "
     "delayed:\n"
     "what waits for its next try, and why; `exportd retry ID` makes one due at once. dead: the "
     "messages\n"
     "that led to no export, with the reason; retry puts one of them, or with --all each, into the "
     "queue,\n"
     "drop forgets one. pause: no job is taken any more (running ones go on, and messages still "
     "come in);\n"
     "resume starts again.\n"
     "\nexamples with --json, of stats, workers, delayed, dead and retry --all:\n"
     "  {\"queue\":\"data_export\",\"waiting\":4,\"by_step\":{\"0\":1,\"3\":0,\"6\":3,\"9\":0},"
     "\"processing\":2,\n"
     "   \"delayed\":0,\"dead\":1,\"workers\":1,\"paused\":false,\"in_redis\":0,\"pending\":0}\n"
     "  {\"instance\":\"host:42:1a2b3c4d\",\"name\":\"host\",\"version\":\"0.1.0\",\"threads\":4,\n"
     "   \"started_at\":\"2020-03-25T16:12:18.123456Z\",\"beat_age_seconds\":1,\"silent\":false,\n"
     "   \"exports\":[27,28]}\n"
     "  {\"id\":29,\"next_try_at\":\"2020-03-25T16:12:18.123456Z\",\"failures\":1,\n"
     "   \"message\":\"snuba cannot be reached\",\"organization\":\"acme\"}\n"
     "  {\"id\":\"12\",\"date_added\":\"2020-03-25T16:12:18.123456Z\",\n"
     "   \"reason\":\"not valid JSON\",\"worker\":\"host:42:1a2b3c4d\",\"message\":\"garbage\"}\n"
     "  {\"action\":\"retry\",\"enqueued\":3,\"left\":1}\n"
     "in_redis: of what waits, the messages in Redis; null: it could not be asked. pending: "
     "messages whose\n"
     "export may still be committed.\n",
     command_queue},
    {"rescue", "[--dry-run] [--force] [--json]", "Find exports that no message leads to",
     "\nFor a Sentry whose workers died with their jobs: exports that are not finished, that "
     "exportd "
     "has never\n"
     "seen, and whose message is neither in Redis (the queue, and what Celery workers have taken "
     "and not\n"
     "acknowledged) nor in the dead list. Lists them, the oldest first; those of the last ten "
     "minutes are\n"
     "left out. --force queues them, with all rows of all environments: what limit and "
     "environment they\n"
     "were asked for with is unknown. A Celery worker that acknowledges a job before it runs it "
     "may be\n"
     "running one of them: stop those first. --dry-run only lists, as without any flag.\n"
     "What exportd has seen needs no rescue: its job is in PostgreSQL until it has ended.\n"
     "\nexample line, and with --json:\n"
     "  27  2020-03-25T16:12:18.123456Z  acme  ann@example.com  Issues-by-Tag\n"
     "  {\"id\":27,\"date_added\":\"2020-03-25T16:12:18.123456Z\",\"organization\":\"acme\",\n"
     "   \"user\":\"ann@example.com\",\"type\":\"Issues-by-Tag\",\"queued\":false}\n",
     command_rescue},
    {"check", "", "Test every configured server",
     "\nOne line each, and one for each right that is missing in PostgreSQL or Redis; the exit "
     "status "
     "is 1\n"
     "if any fails.\n",
     command_check},
    {"grants", "ROLE", "Print the rights that exportd needs",
     "\nAs SQL, for the tables as they now are and EXPORTD_TAGSTORE, to be run by their owner "
     "after "
     "each\n"
     "migrate; and, in comments, as the rules of an ACL of Redis for the lists and keys that the "
     "settings\n"
     "name, for redis-cli. Enough for all commands but migrate, create, ingest, group, and those "
     "of "
     "`tagstore`\n"
     "and `grouphash`, which are for the owner. The role must be there.\n"
     "\nexample: exportd grants exportd | psql sentry\n",
     command_grants},
    {"help", "[COMMAND | config [--markdown]]", "Explain a command or the settings",
     "\n--markdown prints the settings as docs/configuration.md.\n", command_help},
    {"version", "", "Print the version", "", command_version},
    {.name = NULL},
};
