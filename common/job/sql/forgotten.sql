-- The unfinished exports that exportd does not know, with the slug of the organization and the address of the user.
-- Exports of the last ten minutes are left out: their message may still come.
SELECT e.id, (extract(epoch FROM e.date_added) * 1000000)::bigint, o.slug, u.email, e.query_type
  FROM sentry_exporteddata e
  LEFT JOIN sentry_organization o ON o.id = e.organization_id
  LEFT JOIN auth_user u ON u.id = e.user_id
 WHERE e.date_finished IS NULL AND e.date_added < now() - interval '10 minutes'
   AND NOT EXISTS (SELECT 1 FROM exportd.export x WHERE x.data_export_id = e.id AND x.date_added = e.date_added)
   AND NOT EXISTS (SELECT 1 FROM exportd.dead d WHERE d.data_export_id = e.id)
 ORDER BY e.id
