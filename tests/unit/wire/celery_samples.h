/* SPDX-License-Identifier: Apache-2.0 */
/* Messages for data_export_id 27, exactly as Celery 5.2.6 with kombu 5.2.4 puts them into Redis. */
#ifndef TESTS_CELERY_SAMPLES_H
#define TESTS_CELERY_SAMPLES_H

/* protocol 1, by name */
#define CELERY_PROTOCOL_1                                                                          \
    "{\"body\": \"eyJ0YXNrIjogInNlbnRyeS5kYXRhX2V4cG9ydC50YXNrcy5hc3NlbWJsZV9kb3dubG9hZCIsICJ"     \
    "pZCI6ICJjMGZmZWUwMC0wMDAwLTQwMDAtODAwMC0wMDAwMDAwMDAwMDEiLCAiYXJncyI6IFtdLCAia3dhcmdzIjo"     \
    "geyJkYXRhX2V4cG9ydF9pZCI6IDI3LCAibGltaXQiOiBudWxsLCAiZW52aXJvbm1lbnRfaWQiOiBudWxsfSwgImd"     \
    "yb3VwIjogbnVsbCwgImdyb3VwX2luZGV4IjogbnVsbCwgInJldHJpZXMiOiAwLCAiZXRhIjogbnVsbCwgImV4cGl"     \
    "yZXMiOiBudWxsLCAidXRjIjogdHJ1ZSwgImNhbGxiYWNrcyI6IG51bGwsICJlcnJiYWNrcyI6IG51bGwsICJ0aW1"     \
    "lbGltaXQiOiBbbnVsbCwgbnVsbF0sICJ0YXNrc2V0IjogbnVsbCwgImNob3JkIjogbnVsbH0=\", \"content-e"     \
    "ncoding\": \"utf-8\", \"content-type\": \"application/json\", \"headers\": {}, \"propert"     \
    "ies\": {\"correlation_id\": \"c0ffee00-0000-4000-8000-000000000001\", \"reply_to\": \"d6"     \
    "225a55-4d59-3660-a4dd-0d91531b9c09\", \"delivery_mode\": 2, \"delivery_info\": {\"exchan"     \
    "ge\": \"\", \"routing_key\": \"data_export\"}, \"priority\": 0, \"body_encoding\": \"bas"     \
    "e64\", \"delivery_tag\": \"6281f1b4-c6e7-497a-87bb-838b695a9466\"}}"

/* protocol 2, by name */
#define CELERY_PROTOCOL_2                                                                          \
    "{\"body\": \"W1tdLCB7ImRhdGFfZXhwb3J0X2lkIjogMjcsICJsaW1pdCI6IG51bGwsICJlbnZpcm9ubWVudF9"     \
    "pZCI6IG51bGx9LCB7ImNhbGxiYWNrcyI6IG51bGwsICJlcnJiYWNrcyI6IG51bGwsICJjaGFpbiI6IG51bGwsICJ"     \
    "jaG9yZCI6IG51bGx9XQ==\", \"content-encoding\": \"utf-8\", \"content-type\": \"applicatio"     \
    "n/json\", \"headers\": {\"lang\": \"py\", \"task\": \"sentry.data_export.tasks.assemble_"     \
    "download\", \"id\": \"c0ffee00-0000-4000-8000-000000000001\", \"shadow\": null, \"eta\":"     \
    " null, \"expires\": null, \"group\": null, \"group_index\": null, \"retries\": 0, \"time"     \
    "limit\": [null, null], \"root_id\": \"c0ffee00-0000-4000-8000-000000000001\", \"parent_i"     \
    "d\": null, \"argsrepr\": \"()\", \"kwargsrepr\": \"{'data_export_id': 27, 'limit': None,"     \
    " 'environment_id': None}\", \"origin\": \"gen1@producer\", \"ignore_result\": false}, \""     \
    "properties\": {\"correlation_id\": \"c0ffee00-0000-4000-8000-000000000001\", \"reply_to"      \
    "\": \"e312a8cb-e935-3a0e-9d10-f2b20c7fca66\", \"delivery_mode\": 2, \"delivery_info\": {"     \
    "\"exchange\": \"\", \"routing_key\": \"data_export\"}, \"priority\": 0, \"body_encoding"      \
    "\": \"base64\", \"delivery_tag\": \"540e0273-850b-43df-a63d-42686466f41f\"}}"

/* protocol 1, args [27, 100], eta and expires */
#define CELERY_PROTOCOL_1_TIMES                                                                    \
    "{\"body\": \"eyJ0YXNrIjogInNlbnRyeS5kYXRhX2V4cG9ydC50YXNrcy5hc3NlbWJsZV9kb3dubG9hZCIsICJ"     \
    "pZCI6ICJjMGZmZWUwMC0wMDAwLTQwMDAtODAwMC0wMDAwMDAwMDAwMDEiLCAiYXJncyI6IFsyNywgMTAwXSwgImt"     \
    "3YXJncyI6IHt9LCAiZ3JvdXAiOiBudWxsLCAiZ3JvdXBfaW5kZXgiOiBudWxsLCAicmV0cmllcyI6IDAsICJldGE"     \
    "iOiAiMjAzMC0wMS0wMlQwMzowNDowNS42Nzg5MDErMDI6MDAiLCAiZXhwaXJlcyI6ICIyMDMxLTAxLTAxVDAwOjA"     \
    "wOjAwKzAyOjAwIiwgInV0YyI6IHRydWUsICJjYWxsYmFja3MiOiBudWxsLCAiZXJyYmFja3MiOiBudWxsLCAidGl"     \
    "tZWxpbWl0IjogW251bGwsIG51bGxdLCAidGFza3NldCI6IG51bGwsICJjaG9yZCI6IG51bGx9\", \"content-e"     \
    "ncoding\": \"utf-8\", \"content-type\": \"application/json\", \"headers\": {}, \"propert"     \
    "ies\": {\"correlation_id\": \"c0ffee00-0000-4000-8000-000000000001\", \"reply_to\": \"9a"     \
    "a5c5b0-ef6c-322b-a255-98cb16c80d6a\", \"delivery_mode\": 2, \"expiration\": \"1297504665"     \
    "32\", \"delivery_info\": {\"exchange\": \"\", \"routing_key\": \"data_export\"}, \"prior"     \
    "ity\": 0, \"body_encoding\": \"base64\", \"delivery_tag\": \"e6a70bc5-aaa4-4229-8c97-448"     \
    "5c0f96ee1\"}}"

/* protocol 2, args [27, 100], eta and expires */
#define CELERY_PROTOCOL_2_TIMES                                                                    \
    "{\"body\": \"W1syNywgMTAwXSwge30sIHsiY2FsbGJhY2tzIjogbnVsbCwgImVycmJhY2tzIjogbnVsbCwgImN"     \
    "oYWluIjogbnVsbCwgImNob3JkIjogbnVsbH1d\", \"content-encoding\": \"utf-8\", \"content-type"     \
    "\": \"application/json\", \"headers\": {\"lang\": \"py\", \"task\": \"sentry.data_export"     \
    ".tasks.assemble_download\", \"id\": \"c0ffee00-0000-4000-8000-000000000001\", \"shadow\""     \
    ": null, \"eta\": \"2030-01-02T03:04:05.678901+02:00\", \"expires\": \"2031-01-01T00:00:0"     \
    "0+02:00\", \"group\": null, \"group_index\": null, \"retries\": 0, \"timelimit\": [null,"     \
    " null], \"root_id\": \"c0ffee00-0000-4000-8000-000000000001\", \"parent_id\": null, \"ar"     \
    "gsrepr\": \"[27, 100]\", \"kwargsrepr\": \"{}\", \"origin\": \"gen1@producer\", \"ignore"     \
    "_result\": false}, \"properties\": {\"correlation_id\": \"c0ffee00-0000-4000-8000-000000"     \
    "000001\", \"reply_to\": \"97768ccc-c78a-376e-917f-6e64b6bea2dd\", \"delivery_mode\": 2, "     \
    "\"expiration\": \"129750466528\", \"delivery_info\": {\"exchange\": \"\", \"routing_key"      \
    "\": \"data_export\"}, \"priority\": 0, \"body_encoding\": \"base64\", \"delivery_tag\": "     \
    "\"ae2bfedd-115c-4387-aac4-e01584204140\"}}"

/* protocol 2, compressed by zlib */
#define CELERY_COMPRESSED                                                                          \
    "{\"body\": \"eJyLjo7VUahWSkksSYxPrSjILyqJz0xRslIwMtdRUMrJzM0sAXLySnNygNzUvLLMovy83NQ8qCK"     \
    "QeC1Ie3JiTk5SYnJ2MZLioiI0keSMxMw8ZG5+EdyQWAAk2C1Z\", \"content-encoding\": \"utf-8\", \""     \
    "content-type\": \"application/json\", \"headers\": {\"lang\": \"py\", \"task\": \"sentry"     \
    ".data_export.tasks.assemble_download\", \"id\": \"c0ffee00-0000-4000-8000-000000000001\""     \
    ", \"shadow\": null, \"eta\": null, \"expires\": null, \"group\": null, \"group_index\": "     \
    "null, \"retries\": 0, \"timelimit\": [null, null], \"root_id\": \"c0ffee00-0000-4000-800"     \
    "0-000000000001\", \"parent_id\": null, \"argsrepr\": \"()\", \"kwargsrepr\": \"{'data_ex"     \
    "port_id': 27, 'limit': None, 'environment_id': None}\", \"origin\": \"gen1@producer\", "      \
    "\"ignore_result\": false, \"compression\": \"application/x-gzip\"}, \"properties\": {\"c"     \
    "orrelation_id\": \"c0ffee00-0000-4000-8000-000000000001\", \"reply_to\": \"ef176c5a-2bd7"     \
    "-3b07-bb62-a3a3a2b05d8e\", \"delivery_mode\": 2, \"delivery_info\": {\"exchange\": \"\","     \
    " \"routing_key\": \"data_export\"}, \"priority\": 0, \"body_encoding\": \"base64\", \"de"     \
    "livery_tag\": \"2c344fae-528f-430a-bb90-10be7f0f8059\"}}"

/* protocol 2, pickle */
#define CELERY_PICKLE_2                                                                            \
    "{\"body\": \"gASVZQAAAAAAAAApfZQojA5kYXRhX2V4cG9ydF9pZJRLG4wFbGltaXSUTowOZW52aXJvbm1lbnR"     \
    "faWSUTnV9lCiMCWNhbGxiYWNrc5ROjAhlcnJiYWNrc5ROjAVjaGFpbpROjAVjaG9yZJROdYeULg==\", \"conte"     \
    "nt-encoding\": \"binary\", \"content-type\": \"application/x-python-serialize\", \"heade"     \
    "rs\": {\"lang\": \"py\", \"task\": \"sentry.data_export.tasks.assemble_download\", \"id"      \
    "\": \"c0ffee00-0000-4000-8000-000000000001\", \"shadow\": null, \"eta\": null, \"expires"     \
    "\": null, \"group\": null, \"group_index\": null, \"retries\": 0, \"timelimit\": [null, "     \
    "null], \"root_id\": \"c0ffee00-0000-4000-8000-000000000001\", \"parent_id\": null, \"arg"     \
    "srepr\": \"()\", \"kwargsrepr\": \"{'data_export_id': 27, 'limit': None, 'environment_id"     \
    "': None}\", \"origin\": \"gen1@producer\", \"ignore_result\": false}, \"properties\": {"      \
    "\"correlation_id\": \"c0ffee00-0000-4000-8000-000000000001\", \"reply_to\": \"66ff695d-a"     \
    "aa7-3890-b5dc-66022aa2723c\", \"delivery_mode\": 2, \"delivery_info\": {\"exchange\": \""     \
    "\", \"routing_key\": \"data_export\"}, \"priority\": 0, \"body_encoding\": \"base64\", "      \
    "\"delivery_tag\": \"0bb9c313-0b05-4f3c-a45b-5faac9ec8c12\"}}"

/* protocol 1, pickle */
#define CELERY_PICKLE_1                                                                            \
    "{\"body\": \"gASVIgEAAAAAAAB9lCiMBHRhc2uUjCpzZW50cnkuZGF0YV9leHBvcnQudGFza3MuYXNzZW1ibGV"     \
    "fZG93bmxvYWSUjAJpZJSMJGMwZmZlZTAwLTAwMDAtNDAwMC04MDAwLTAwMDAwMDAwMDAwMZSMBGFyZ3OUKYwGa3d"     \
    "hcmdzlH2UKIwOZGF0YV9leHBvcnRfaWSUSxuMBWxpbWl0lE6MDmVudmlyb25tZW50X2lklE51jAVncm91cJROjAt"     \
    "ncm91cF9pbmRleJROjAdyZXRyaWVzlEsAjANldGGUTowHZXhwaXJlc5ROjAN1dGOUiIwJY2FsbGJhY2tzlE6MCGV"     \
    "ycmJhY2tzlE6MCXRpbWVsaW1pdJROToaUjAd0YXNrc2V0lE6MBWNob3JklE51Lg==\", \"content-encoding"      \
    "\": \"binary\", \"content-type\": \"application/x-python-serialize\", \"headers\": {}, "      \
    "\"properties\": {\"correlation_id\": \"c0ffee00-0000-4000-8000-000000000001\", \"reply_t"     \
    "o\": \"e8500ee0-99c6-3378-9610-a1d5d5c13ced\", \"delivery_mode\": 2, \"delivery_info\": "     \
    "{\"exchange\": \"\", \"routing_key\": \"data_export\"}, \"priority\": 0, \"body_encoding"     \
    "\": \"base64\", \"delivery_tag\": \"ec94d464-1e6e-45ec-bb3d-35c3772ae7c1\"}}"

/* protocol 1 with a pickle of Python 2's cPickle, as a Sentry of 2020 sends it */
#define SENTRY_PICKLE                                                                              \
    "{\"body\": \"gAJ9cQEoVQdleHBpcmVzcQJOVQN1dGNxA4hVBGFyZ3NxBF1xBVUFY2hvcmRxBk5VCWNhbGxiYWN"     \
    "rc3EHTlUIZXJyYmFja3NxCE5VB3Rhc2tzZXRxCU5VAmlkcQpVJGMwZmZlZTAwLTAwMDAtNDAwMC04MDAwLTAwMDA"     \
    "wMDAwMDAwMXELVQdyZXRyaWVzcQxLAFUEdGFza3ENVSpzZW50cnkuZGF0YV9leHBvcnQudGFza3MuYXNzZW1ibGV"     \
    "fZG93bmxvYWRxDlUJdGltZWxpbWl0cQ9OToZxEFUDZXRhcRFOVQZrd2FyZ3NxEn1xEyhVDmVudmlyb25tZW50X2l"     \
    "kcRROVQVsaW1pdHEVTlUOZGF0YV9leHBvcnRfaWRxFooBG3V1Lg==\", \"content-type\": \"application"     \
    "/x-python-serialize\", \"content-encoding\": \"binary\", \"headers\": {}, \"properties\""     \
    ": {\"body_encoding\": \"base64\", \"correlation_id\": \"c0ffee00-0000-4000-8000-00000000"     \
    "0001\", \"reply_to\": \"d6225a55-4d59-3660-a4dd-0d91531b9c09\", \"delivery_mode\": 2, \""     \
    "delivery_tag\": \"6281f1b4-c6e7-497a-87bb-838b695a9466\", \"delivery_info\": {\"priority"     \
    "\": 0, \"exchange\": \"default\", \"routing_key\": \"data_export\"}}}"

#endif
