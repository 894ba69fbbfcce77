# SPDX-License-Identifier: Apache-2.0
"""Jobs as other programs make them: the export row by SQL, the message by LPUSH."""
import json


def insert_export(sql, query_info, query_type=0, user="ann@example.com", organization="acme"):
    """Inserts an export row as another program does; returns its id."""
    if not isinstance(query_info, str):
        query_info = json.dumps(query_info)
    sql.execute(
        """INSERT INTO sentry_exporteddata (date_added, query_type, query_info, organization_id,
                                            user_id)
           VALUES (now(), %s, %s, (SELECT id FROM sentry_organization WHERE slug = %s),
                   (SELECT id FROM auth_user WHERE email = %s)) RETURNING id""",
        (query_type, query_info, organization, user))
    return sql.fetchone()[0]


def push(queue, export, name="data_export", **members):
    """Sends a message for the export. `name` is the name of the list."""
    queue.lpush(name, json.dumps({"data_export_id": export, "limit": None,
                                 "environment_id": None, **members}))
