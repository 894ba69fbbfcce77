-- Makes counting cheap. Sentry has these further indexes for screens of its own; no question that
-- exportd asks needs them. Those over last_seen make the server write every index of a table anew
-- whenever something is counted, and all of them together cost more than the rows.
DROP INDEX IF EXISTS public.tagstore_tagvalue_last_seen_4f6b2a34;
DROP INDEX IF EXISTS public.tagstore_tagvalue_first_seen_85aa28bf;
DROP INDEX IF EXISTS public.tagstore_tagvalue_project_id_key_id_last_seen_34f42c2a_idx;
DROP INDEX IF EXISTS public.tagstore_grouptagvalue_last_seen_20d3e526;
DROP INDEX IF EXISTS public.tagstore_grouptagvalue_first_seen_a646094c;
DROP INDEX IF EXISTS public.tagstore_grouptagvalue_project_id_key_id_value__4bc57b64_idx;
DROP INDEX IF EXISTS public.tagstore_eventtag_date_added_c549fcac;
DROP INDEX IF EXISTS public.tagstore_eventtag_project_id_key_id_value_id_fcf156f8_idx;

-- Room on each page for the next version of a row that is counted on.
ALTER TABLE public.tagstore_tagvalue SET (fillfactor = 80);
ALTER TABLE public.tagstore_grouptagvalue SET (fillfactor = 80);
ALTER TABLE public.tagstore_grouptagkey SET (fillfactor = 80);
