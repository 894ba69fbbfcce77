/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The list of commands, with their usage and help. Lines have at most 79 characters, except in
 * examples.
 * Tested by tests/system/test_cli_contract.py.
 */
#include "cli/cli.h"

const struct command commands[] = {
    {"migrate", "[--standalone] [--json]", "Create exportd's own tables",
     "\n"
     "Adds the schema `exportd` to the database, or brings it up to date. No table of\n"
     "Sentry's is altered. The command can be repeated, and run twice at once. Stop\n"
     "the workers of an older version first.\n"
     "\n"
     "--standalone also makes the tables that a Sentry would have, each only if it is\n"
     "absent. It is refused in the database of a real Sentry.\n"
     "\n"
     "The queue that exportd 0.1.0 kept in Redis is taken over, once. Nothing is\n"
     "changed while a worker of 0.1.0 is alive or Redis is away. If the database has\n"
     "several queues, run migrate once with each EXPORTD_QUEUE.\n"
     "\n"
     "example with --json; the second line if something was taken over:\n"
     "  {\"applied\":3}\n"
     "  {\"dead\":0,\"delayed\":1,\"in_work\":2,\"paused\":false}\n",
     command_migrate},
    {"create",
     "organization SLUG | user EMAIL --organization SLUG |\n"
     "                      project SLUG --organization SLUG [--id N]\n"
     "                      [--json]",
     "Make the few rows that a stand-alone installation needs",
     "\n"
     "Prints the bare id. If the row exists already, its id is printed. --id N makes\n"
     "the project with that id.\n"
     "\n"
     "example, and its line with --json:\n"
     "  exportd create project web --organization acme --id 7\n"
     "  {\"id\":7}\n",
     command_create},
    {"worker", "[--concurrency N] [--drain [--ignore-mail]]",
     "Take jobs from the queue and run them",
     "\n"
     "Runs until TERM, INT or QUIT. Then it takes no more jobs, lets the running ones\n"
     "go on for at most EXPORTD_STOP_SECONDS, and puts the rest back into the queue.\n"
     "A second signal puts them back at once. USR1 logs what the worker is doing; HUP\n"
     "reads again EXPORTD_LOG_LEVEL and EXPORTD_MAX_RUNNING from the settings file;\n"
     "USR2 does nothing.\n"
     "\n"
     "One worker at a time also moves the messages of Celery's producers from Redis\n"
     "into the queue. With a concurrency above 1, one thread is kept for exports of\n"
     "at most EXPORTD_SMALL_ROWS rows.\n"
     "\n"
     "--drain ends with status 0 as soon as nothing is left to do: no message is in\n"
     "Redis; no job waits, is delayed, or runs at any worker; no mail waits. Dead\n"
     "messages and mails that were given up do not count. With --ignore-mail no mail\n"
     "counts: those that wait are left to another worker. The status is 4 if a server\n"
     "is away at the start, and 1 if jobs wait in a paused queue. On a terminal it\n"
     "says every few seconds what it waits for.\n",
     command_worker},
    {"enqueue",
     "--organization SLUG --user EMAIL-or-ID --project ID-or-SLUG\n"
     "                       --group ID --key KEY [--environment NAME] [--limit N]\n"
     "                       [--wait] [--force] [--json]\n"
     "       exportd enqueue --organization SLUG --user EMAIL-or-ID --type discover\n"
     "                       --query-info JSON [--wait] [--json]",
     "Ask for an export",
     "\n"
     "Makes the export and its job in one transaction, and prints the export's id. If\n"
     "the same user has asked for the same and that export is not finished, nothing\n"
     "new is made and its id is printed. If that export has another limit or\n"
     "environment, the command fails and names its id.\n"
     "\n"
     "The request is refused if the organization's quota of waiting exports is used\n"
     "up (`exportd quota`), and with status 3 if project, issue, key or environment\n"
     "does not exist. If the tagstore does not say within 5 s, standard error tells so\n"
     "and the export is made; if something does not exist, the worker's mail says so.\n"
     "--force leaves out these checks. No Redis is needed.\n"
     "\n"
     "--wait follows the export as `status --watch` does, on standard error. The exit\n"
     "status is 0 if the export ends as VALID, else 1. An interruption does not stop\n"
     "the export.\n"
     "\n"
     "example with --json:\n"
     "  {\"id\":27,\"created\":true}\n",
     command_enqueue},
    {"estimate",
     "--organization SLUG --project ID-or-SLUG --group ID\n"
     "                        --key KEY [--environment NAME] [--limit N] [--json]\n"
     "       exportd estimate --organization SLUG --type discover --query-info JSON\n"
     "                        [--json]",
     "Estimate how large an export would be",
     "\n"
     "Takes the options of enqueue (--user can be left out), asks the tagstore, and\n"
     "makes nothing. PostgreSQL answers with the number of rows that it has counted;\n"
     "a number from Snuba is a few per cent wrong. The bytes are the rows times the\n"
     "usual width of one in the CSV: 80, or 140 for the key `user`. \"unknown\", or\n"
     "null, means that exports of this type cannot be estimated. If the tagstore does\n"
     "not answer within 5 s, the command fails.\n"
     "\n"
     "example line, and with --json:\n"
     "  about 12345 rows, 987.6 kB\n"
     "  {\"rows\":12345,\"bytes\":987600}\n",
     command_estimate},
    {"status",
     "ID [--json] [--watch]\n"
     "       exportd status [--organization SLUG] [--user EMAIL-or-ID]\n"
     "                      [--state STATE] [--type TYPE] [--limit N] [--before ID]\n"
     "                      [--json]",
     "Show an export, or list exports",
     "\n"
     "STATUS is EARLY (not finished), VALID, EXPIRED, FAILED (its user got a mail),\n"
     "CANCELLED, or GONE (its row was deleted, by `exportd delete` or another\n"
     "program).\n"
     "\n"
     "--watch follows one export until it is finished. On a terminal it draws a bar\n"
     "with the rows and bytes and, if the rows were estimated, the percentage and the\n"
     "time left. Otherwise it prints a line at each change. The exit status is 0 if\n"
     "the export ends as VALID, else 1.\n"
     "\n"
     "Without an ID, the newest exports that match all options are listed: 50, or\n"
     "--limit (1 to 1000). STATE is waiting, running, delayed, valid, failed,\n"
     "cancelled or gone; an export that exportd has never seen has no state (-). TYPE\n"
     "is issues-by-tag or discover. --user also takes the id of a user whose row is\n"
     "gone. If the list does not reach the oldest export, a line on standard error\n"
     "says how many there are, and which --before shows the next ones:\n"
     "  50 of 137 exports; older ones: --before 118\n"
     "\n"
     "example with --json (one line each):\n"
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
     "size and sha1 are those of the stored file. limit and environment_id are\n"
     "\"invalid\" if the message had something other than a number. cause tells\n"
     "operators what went wrong, in the words of the servers.\n"
     "\n"
     "With an ID, two members follow: place is that of a waiting export among those\n"
     "of its organization (1 is the next, 1001 any after the thousandth), and reason\n"
     "says what the export waits for. place is null unless the export waits, and\n"
     "reason unless it waits or is delayed:\n"
     "   \"place\":3,\"reason\":\"2 exports of its organization run, which is the most\"\n",
     command_status},
    {"download", "ID [-o FILE | -o FOLDER/ | -o -] [--json]", "Fetch the file of an export",
     "\n"
     "Size and SHA-1 are checked. Without -o, the file gets its own name in the\n"
     "current folder, with -o FOLDER/ in that one; it never replaces an existing file.\n"
     "-o FILE replaces one. `-o -` writes to standard output: each blob is checked\n"
     "before it is written, and the whole file at the end. Prints the name of the\n"
     "file.\n"
     "\n"
     "example line, and with --json:\n"
     "  Issues-by-Tag_2020-March-25_27.csv\n"
     "  {\"id\":27,\"file\":\"Issues-by-Tag_2020-March-25_27.csv\",\"size\":73410}\n",
     command_download},
    {"cleanup", "[--dry-run] [--json]", "Free the files of expired exports",
     "\n"
     "For cron. Removes the files of expired exports with the blobs and objects that\n"
     "no other file uses, the objects of interrupted uploads, history older than\n"
     "EXPORTD_HISTORY_DAYS, and entries of the audit older than EXPORTD_AUDIT_DAYS.\n"
     "Without a Sentry it also removes blobs that no file has used for a day.\n"
     "\n"
     "A row that cannot be removed does not stop the rest; the exit status is 1 if\n"
     "there was one. Several cleanups can run at once. --dry-run changes nothing.\n"
     "\n"
     "example line, and with --json:\n"
     "  removed 2 files, 3 blobs, 3 objects (2100034 bytes), the history of 1 export and 4 audit "
     "entries; 0 failed\n"
     "  {\"files\":2,\"blobs\":3,\"objects\":3,\"bytes\":2100034,\"exports\":1,"
     "\"audit_entries\":4,\n"
     "   \"failed\":0,\"dry_run\":false}\n",
     command_cleanup},
    {"cancel", "ID... [--json]", "Cancel exports that are not finished",
     "\n"
     "Ends exports that wait, are delayed or run: no mail is sent, and `status` shows\n"
     "CANCELLED. A worker that runs one stops it within a second or two, and removes\n"
     "what it has stored. An export that is unknown or finished is reported on\n"
     "standard error (with --json: in its line) and does not stop the others; the\n"
     "exit status is then 1, or 3 if all that failed are unknown.\n"
     "\n"
     "example line, and with --json:\n"
     "  cancelled 27\n"
     "  {\"id\":27,\"cancelled\":true,\"error\":null}\n",
     command_cancel},
    {"retry", "ID... [--json]", "Ask again for exports that have failed",
     "\n"
     "Asks for a failed or cancelled export again, with the same query, limit,\n"
     "environment and user. The new export's id is printed; if an equal one is not\n"
     "finished yet, the id of that one. A delayed export becomes due at once, and its\n"
     "own id is printed. An export that cannot be retried is reported on standard\n"
     "error (with --json: in its line) and does not stop the others; the exit status\n"
     "is then 1, or 3 if all that failed are unknown.\n"
     "\n"
     "example line, and with --json:\n"
     "  31\n"
     "  {\"id\":27,\"retried\":true,\"retried_as\":31,\"error\":null}\n",
     command_retry},
    {"delete", "ID... [--json]", "Delete finished exports with their files",
     "\n"
     "The file goes with the blobs that no other file shares. `status` shows GONE\n"
     "until the history ends. An export that is unknown, not finished, or without a\n"
     "file because it failed is reported on standard error (with --json: in its line)\n"
     "and does not stop the others; the exit status is then 1, or 3 if all that failed\n"
     "are unknown or gone.\n"
     "\n"
     "example line, and with --json:\n"
     "  deleted 27\n"
     "  {\"id\":27,\"deleted\":true,\"error\":null}\n",
     command_delete},
    {"quota",
     "show [--organization SLUG-or-ID] [--json]\n"
     "       exportd quota set --organization SLUG-or-ID [--weight W]\n"
     "                     [--max-running N] [--max-queued N] [--expiration-days N]\n"
     "                     [--json]",
     "Show or set the quotas of organizations",
     "\n"
     "show prints the quota of one organization, or of all that have a value of their\n"
     "own. A value that is not marked (own) comes from the settings. set changes\n"
     "values, where `default` goes back to the setting, and shows the result.\n"
     "\n"
     "--weight: organizations take turns, and one of weight 2 gets two turns. From\n"
     "0.001 to 1000; 1 unless set.\n"
     "\n"
     "--max-running: how many exports may run at once (EXPORTD_MAX_RUNNING); 0 holds\n"
     "them all back.\n"
     "\n"
     "--max-queued: how many exports may wait or be delayed (EXPORTD_MAX_QUEUED).\n"
     "enqueue and retry refuse more; Celery's messages are not refused.\n"
     "\n"
     "--expiration-days: how long exports can be downloaded that are finished from\n"
     "now on (EXPORTD_EXPIRATION_DAYS).\n"
     "\n"
     "example line, and with --json:\n"
     "  acme  weight 2 (own)  max_running 1000  max_queued 100000  expiration_days 28\n"
     "  {\"organization\":\"acme\",\"organization_id\":1,\"weight\":2.0,\"max_running\":1000,\n"
     "   \"max_queued\":100000,\"expiration_days\":28,\"own\":[\"weight\"]}\n",
     command_quota},
    {"purge",
     "--user EMAIL-or-ID | --organization SLUG-or-ID [--dry-run]\n"
     "                     [--json]",
     "Delete all exports of a user or organization that is gone",
     "\n"
     "Cancels the exports that are not finished, and deletes all exports with their\n"
     "history, their waiting mails, and the files that no other export shares. A user\n"
     "or organization whose row is gone is named by id. The rows of users and\n"
     "organizations stay, and so do the entries of `audit`, which hold only ids.\n"
     "After an interruption, repeat the command. --dry-run only counts.\n"
     "\n"
     "example line, and with --json:\n"
     "  removed 3 exports (1 not finished), 2 files and 1 waiting mail; 0 failed\n"
     "  {\"exports\":3,\"cancelled\":1,\"files\":2,\"mails\":1,\"failed\":0,\"dry_run\":false}\n",
     command_purge},
    {"audit",
     "[--organization SLUG-or-ID] [--user EMAIL-or-ID]\n"
     "                     [--action ACTION] [--export ID] [--limit N] [--before ID]\n"
     "                     [--json]",
     "Show who did what with which export",
     "\n"
     "Prints the newest entries, 50 or --limit of them. If there are more, the last\n"
     "line (on standard error) says how to see older ones. ACTION is create,\n"
     "download, cancel, retry, resend, delete, expiry or purge. --user names the user\n"
     "whose export it is. The actor is \"cli:\" and the user of the operating system,\n"
     "or \"cleanup\". Entries are kept for EXPORTD_AUDIT_DAYS.\n"
     "\n"
     "example line, and with --json:\n"
     "  12  2020-03-25T16:12:18.123456Z  download  export 27  acme  ann@example.com  by cli:root\n"
     "  {\"id\":12,\"at\":\"2020-03-25T16:12:18.123456Z\",\"action\":\"download\","
     "\"data_export_id\":27,\n"
     "   \"organization_id\":1,\"organization\":\"acme\",\"user_id\":5,"
     "\"user\":\"ann@example.com\",\n"
     "   \"actor\":\"cli:root\",\"detail\":null}\n",
     command_audit},
    {"tag-export",
     "--organization SLUG --project ID-or-SLUG --group ID\n"
     "                          --key KEY [--environment NAME] [--limit N]",
     "Write an issues-by-tag CSV to standard output at once",
     "\n"
     "Writes the same bytes as an export by the worker, without queue, file store and\n"
     "mail. If the limit leaves rows out, standard error says so: `truncated: there\n"
     "are more than N rows`.\n"
     "\n"
     "example:\n"
     "  exportd tag-export --organization acme --project 7 --group 12 --key browser\n",
     command_tag_export},
    {"tagstore",
     "METHOD --project ID-or-SLUG [--organization SLUG] [--group ID]\n"
     "                        [--environment NAME] [--key KEY] ... [--json]\n"
     "       exportd tagstore compare METHOD ... --left BACKEND --right BACKEND\n"
     "       exportd tagstore help",
     "Ask the tagstore for tags and their values",
     "\n"
     "METHOD is a read method of Sentry's tagstore; `exportd tagstore help` lists\n"
     "them with their arguments. The answer is JSON, one object per line, with or\n"
     "without --json; an empty list prints no line. If a key or value does not exist,\n"
     "the exit status is 3. --organization is needed if several organizations have a\n"
     "project of the same slug.\n"
     "\n"
     "`compare` asks two backends (postgres, snuba). It prints \"equal\", or how they\n"
     "differ, with exit status 1. With --json: {\"equal\":true}, or lines like\n"
     "{\"side\":\"left\",\"answer\":{...}}.\n"
     "\n"
     "examples:\n"
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
    {"ingest", "[--rebase-time] [--json] FILE or -", "Count events, one JSON object per line",
     "\n"
     "An event that was counted before is not counted again: an interrupted run can\n"
     "be repeated, and several can run at once. A bad line is reported with its\n"
     "number and skipped; the exit status is then 1. The file may be compressed with\n"
     "gzip. --rebase-time shifts all times so that the newest is now.\n"
     "\n"
     "Events are counted in PostgreSQL. Redis, if there is one, gets the last event\n"
     "of each group hash; it may be away. The command is refused if EXPORTD_TAGSTORE\n"
     "is snuba: a Snuba gets its events elsewhere and would not show these.\n"
     "\n"
     "example line:\n"
     "  {\"event_id\":\"0123456789abcdef0123456789abcdef\",\"project_id\":7,\"hashes\":[\"a1\"],"
     "\"message\":\"boom\",\n"
     "   \"platform\":\"python\",\"datetime\":\"2020-03-25T16:12:18.000000Z\",\n"
     "   \"data\":{\"received\":1585152738,\"tags\":{\"browser\":\"Firefox\","
     "\"environment\":\"production\"},\n"
     "   \"sentry.interfaces.User\":{\"id\":\"1\",\"email\":\"jane@example.com\"}}}\n"
     "what is printed at the end, and with --json:\n"
     "  201 lines: 200 counted, 0 repeated, 1 bad\n"
     "  {\"lines\":201,\"counted\":200,\"repeated\":0,\"bad\":1,\"tags_dropped\":0}\n",
     command_ingest},
    {"grouphash",
     "last-processed --project ID-or-SLUG [--organization SLUG]\n"
     "                         HASH... [--json]",
     "Show the last event of group hashes",
     "\n"
     "Prints one JSON object per hash, in the order given: the last event of the hash\n"
     "that ingest has stored, as Redis remembers it, or null if Redis knows none.\n"
     "Fails without a Redis.\n"
     "\n"
     "example line:\n"
     "  {\"hash\":\"a1\",\"grouphash_id\":12,\"event_id\":\"0123456789abcdef0123456789abcdef\"}\n",
     command_grouphash},
    {"group",
     "list --project ID-or-SLUG [--organization SLUG] [--limit N]\n"
     "                     [--before ID] [--json]\n"
     "       exportd group merge --into ID ID... [--json]",
     "List groups (issues) of a project, or merge some into one",
     "\n"
     "list prints the groups of the project, the one seen last first: 50, or --limit\n"
     "(1 to 1000). If there are more, a line on standard error says which --before\n"
     "shows the next ones. --organization is needed if several organizations have a\n"
     "project of the same slug.\n"
     "\n"
     "example line with --json:\n"
     "  {\"id\":12,\"short_id\":\"SHOP-4\",\"title\":\"KeyError: 'voucher'\",\"times_seen\":3,\n"
     "   \"last_seen\":\"2020-03-25T16:12:18.123456Z\"}\n"
     "\n"
     "merge moves the events, tags, hashes, counters and earlier redirects of each ID\n"
     "to the group that --into names. The merged group is deleted. A redirect leads\n"
     "from its id to that group, so an export by the old id still works. Nothing is\n"
     "changed if one of the groups does not exist or belongs to another project.\n"
     "\n"
     "Each group is one transaction, and events may come in meanwhile. After an\n"
     "interruption, repeat the command. It is refused in the database of a real\n"
     "Sentry, and if EXPORTD_TAGSTORE is snuba: the events in Snuba would not move.\n"
     "\n"
     "example line, and with --json:\n"
     "  merged group 12 into group 7: 3 events, 1 hash, 0 redirects\n"
     "  {\"group_id\":12,\"into\":7,\"merged\":true,\"events\":3,\"hashes\":1,\"redirects\":0}\n",
     command_group},
    {"mail",
     "list [--state waiting|sent|given-up] [--json]\n"
     "       exportd mail resend ID... | --all [--json]",
     "List the mails of exports, and send them again",
     "\n"
     "list shows the mails that wait or were given up, or with --state those of one\n"
     "state: each with its tries, its next try, the recipient, and the last answer of\n"
     "the mail server.\n"
     "\n"
     "resend makes the mail of each ID due at once, even one that was sent, with the\n"
     "same Message-ID. --all takes the mails that were given up. An export that has\n"
     "no mail is reported on standard error (with --json: in its line) and does not\n"
     "stop the others; the exit status is then 3.\n"
     "\n"
     "examples with --json:\n"
     "  {\"id\":27,\"state\":\"given-up\",\"organization\":\"acme\","
     "\"recipient\":\"ann@example.com\",\n"
     "   \"message_id\":\"<27.1.1a2b3c4d@example.com>\",\"tries\":31,\"perhaps_sent\":0,\n"
     "   \"first_try_at\":\"2020-03-25T16:12:18.123456Z\",\"next_try_at\":null,\n"
     "   \"message\":\"the mail server refused the recipient: 554 5.7.1 relay denied\"}\n"
     "  {\"id\":27,\"resent\":true,\"error\":null}\n",
     command_mail},
    {"queue",
     "[stats | workers | delayed | dead] [--json]\n"
     "       exportd queue retry ENTRY | retry --all | drop ENTRY | pause | resume\n"
     "                     [--json]",
     "Inspect the queue and operate it",
     "\n"
     "stats (the default): how many exports wait, run or are delayed, and how many\n"
     "messages are dead. Messages that are still in Redis count as waiting; if Redis\n"
     "is away, they are left out.\n"
     "\n"
     "workers: each worker with its last heartbeat and the exports that it runs. One\n"
     "that is SILENT has died, and its exports will soon wait again.\n"
     "\n"
     "delayed: the exports that wait for their next try, and why. `exportd retry ID`\n"
     "makes one due at once.\n"
     "\n"
     "dead: the messages that led to no export, with the reason. retry puts one of\n"
     "them into the queue, or with --all each of them. drop removes one.\n"
     "\n"
     "pause: workers take no more jobs; running ones go on, and messages still come\n"
     "in. resume: workers take jobs again.\n"
     "\n"
     "examples with --json, of stats, workers, delayed, dead and retry --all:\n"
     "  {\"queue\":\"data_export\",\"waiting\":4,\"by_step\":{\"0\":1,\"3\":0,\"6\":3,\"9\":0},"
     "\"processing\":2,\n"
     "   \"delayed\":0,\"dead\":1,\"workers\":1,\"paused\":false,\"in_redis\":0,\"pending\":0}\n"
     "  {\"instance\":\"host:42:1a2b3c4d\",\"name\":\"host\",\"version\":\"0.1.0\","
     "\"threads\":4,\n"
     "   \"started_at\":\"2020-03-25T16:12:18.123456Z\",\"beat_age_seconds\":1,\"silent\":false,\n"
     "   \"exports\":[27,28]}\n"
     "  {\"id\":29,\"next_try_at\":\"2020-03-25T16:12:18.123456Z\",\"failures\":1,\n"
     "   \"message\":\"snuba cannot be reached\",\"organization\":\"acme\"}\n"
     "  {\"id\":\"12\",\"date_added\":\"2020-03-25T16:12:18.123456Z\",\n"
     "   \"reason\":\"not valid JSON\",\"worker\":\"host:42:1a2b3c4d\",\"message\":\"garbage\"}\n"
     "  {\"action\":\"retry\",\"enqueued\":3,\"left\":1}\n"
     "in_redis is the number of waiting messages in Redis, or null if Redis could not\n"
     "be asked. pending is the number of messages whose export may still be\n"
     "committed.\n",
     command_queue},
    {"rescue", "[--dry-run] [--force] [--json]", "Find exports that no message leads to",
     "\n"
     "For a Sentry whose workers died with their jobs. Lists the exports that are not\n"
     "finished, that exportd has never seen, and whose message is neither in Redis\n"
     "(in the queue, or taken by a Celery worker and not acknowledged) nor in the\n"
     "dead list. The oldest come first; those of the last ten minutes are left out.\n"
     "An export that exportd has seen needs no rescue: its job stays in PostgreSQL\n"
     "until it has ended.\n"
     "\n"
     "--force queues them, with all rows of all environments: the limit and\n"
     "environment that they were asked for with are unknown. A Celery worker that\n"
     "acknowledges a job before it runs it may be running one of them, so stop such\n"
     "workers first. --dry-run only lists, which is also the default.\n"
     "\n"
     "example line, and with --json:\n"
     "  27  2020-03-25T16:12:18.123456Z  acme  ann@example.com  Issues-by-Tag\n"
     "  {\"id\":27,\"date_added\":\"2020-03-25T16:12:18.123456Z\",\"organization\":\"acme\",\n"
     "   \"user\":\"ann@example.com\",\"type\":\"Issues-by-Tag\",\"queued\":false}\n",
     command_rescue},
    {"check", "[--config-only] [--json]", "Find all that is wrong, and say what to do",
     "\n"
     "Looks at the settings, every server, right and folder, the queue and the mails, all\n"
     "at once and within 15 seconds. It leaves nothing and sends no mail. A line each:\n"
     "ok, warning or failed, the part, what is found, and what to do. The exit status is\n"
     "1 if a line says failed. With a wrong setting it is 2, and nothing else is looked at.\n"
     "\n"
     "  --config-only   only the settings; connects to nothing\n"
     "  --json          one JSON object a line\n"
     "\n"
     "example: exportd check --json\n"
     "  {\"result\":\"warning\",\"part\":\"queue\",\n"
     "   \"message\":\"the queue is paused: no worker takes jobs\",\n"
     "   \"advice\":\"`exportd queue resume` ends that\"}\n",
     command_check},
    {"config", "show [--json]", "Show the settings in force",
     "\nEach setting with its value and where that comes from: the environment, the settings file\n"
     "(--config FILE before the command, else /etc/exportd/exportd.env if it is there), a file "
     "that\n"
     "NAME_FILE names, or a credential of systemd. Secrets are hidden. `exportd help config` "
     "explains\n"
     "the settings.\n"
     "\nexample: exportd --config /srv/exportd.env config show --json\n"
     "  "
     "{\"name\":\"EXPORTD_QUEUE\",\"value\":\"data_export\",\"origin\":\"default\",\"secret\":"
     "false}\n",
     command_config},
    {"grants", "ROLE", "Print the rights that exportd needs",
     "\n"
     "Prints SQL for the tables as they are now and for EXPORTD_TAGSTORE; their owner\n"
     "runs it after each migrate. The role must exist. In comments follow the rules\n"
     "of a Redis ACL for redis-cli, for the lists and keys that the settings name.\n"
     "\n"
     "The rights are enough for all commands except migrate, create, ingest, group\n"
     "merge, tagstore and grouphash, which are for the owner.\n"
     "\n"
     "example:\n"
     "  exportd grants exportd | psql sentry\n",
     command_grants},
    {"help", "[COMMAND | config] [--markdown | --man | --env | --bash | --zsh]",
     "Explain a command or the settings",
     "\n"
     "The options print files that the build makes: of `help config` --markdown\n"
     "(docs/configuration.md), --man (exportd(5)) and --env (exportd.env); of `help`\n"
     "--man (exportd(1)), --bash and --zsh (completion).\n",
     command_help},
    {"version", "[--json]", "Print the version",
     "\n"
     "example line, and with --json:\n"
     "  exportd 1.2.3\n"
     "  {\"version\":\"1.2.3\"}\n",
     command_version},
    {.name = NULL},
};
