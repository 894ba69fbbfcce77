-- The rights that a role needs, and those that the role of the connection lacks: a row per schema, table and sequence.
-- $1 tables ("exportd." precedes exportd's own), $2 the rights on each, separated by blanks, $3 whether it may be missing.
-- Answers with the object as in GRANT, its rights, and the rights that are missing (NULL: none); for a table that does not
-- exist, with its name and two NULLs.
WITH need AS (
    SELECT name, rights, optional, split_part(name, '.', 1) = 'exportd' AS own,
           regexp_replace(name, '^exportd\.', '') AS relname, number
      FROM unnest($1::text[], $2::text[], $3::boolean[])
           WITH ORDINALITY AS given (name, rights, optional, number)),
-- A table is found by the search path, or else in a schema that this role may not use.
found AS (
    SELECT need.*, place.oid, place.schema,
           quote_ident(place.schema) || '.' || quote_ident(need.relname) AS object
      FROM need LEFT JOIN LATERAL (
        SELECT c.oid, n.nspname AS schema
          FROM pg_class AS c
          JOIN pg_namespace AS n ON n.oid = c.relnamespace
          LEFT JOIN unnest(current_schemas(false)) WITH ORDINALITY AS path (schema, place)
            ON path.schema = n.nspname
         WHERE c.relname = need.relname AND c.relkind IN ('r', 'p', 'v', 'f')
           AND CASE WHEN need.own THEN n.nspname = 'exportd'
                    ELSE path.place IS NOT NULL OR NOT has_schema_privilege(n.oid, 'USAGE') END
         ORDER BY path.place LIMIT 1) AS place ON true),
-- INSERT needs the sequences that the defaults of the columns name.
sequences AS (
    SELECT DISTINCT s.oid, n.nspname AS schema, s.relname
      FROM found
      JOIN pg_attrdef AS d ON d.adrelid = found.oid
      JOIN pg_depend AS x ON x.classid = 'pg_attrdef'::regclass AND x.objid = d.oid
                         AND x.refclassid = 'pg_class'::regclass
      JOIN pg_class AS s ON s.oid = x.refobjid AND s.relkind = 'S'
      JOIN pg_namespace AS n ON n.oid = s.relnamespace
     WHERE 'INSERT' = ANY (string_to_array(found.rights, ' '))),
each_right AS (
    SELECT 0 AS kind, min(number) AS number, 'SCHEMA ' || quote_ident(schema) AS object,
           'USAGE' AS privilege, 1 AS place, has_schema_privilege(schema, 'USAGE') AS has
      FROM found WHERE oid IS NOT NULL GROUP BY schema
    UNION ALL
    SELECT 1, number, object, privilege, place, has_table_privilege(oid, privilege)
      FROM found, unnest(string_to_array(rights, ' ')) WITH ORDINALITY AS r (privilege, place)
     WHERE oid IS NOT NULL
    UNION ALL
    SELECT 1, number, name, NULL, 1, NULL FROM found WHERE oid IS NULL AND NOT optional
    UNION ALL
    SELECT 2, oid::bigint, format('SEQUENCE %I.%I', schema, relname), 'USAGE', 1,
           has_sequence_privilege(oid, 'USAGE') FROM sequences)
SELECT object, string_agg(privilege, ', ' ORDER BY place),
       string_agg(privilege, ', ' ORDER BY place) FILTER (WHERE NOT has)
  FROM each_right GROUP BY kind, number, object ORDER BY kind, number;
