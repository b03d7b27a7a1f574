-- A view shows the comments of the table behind it, for the tools that read views.
DO $comments$
DECLARE
    shown record;
BEGIN
    FOR shown IN
        SELECT attribute.attname AS name, col_description(attribute.attrelid, attribute.attnum) AS said
        FROM pg_attribute AS attribute
        WHERE attribute.attrelid = '{table}'::regclass AND attribute.attnum > 0 AND NOT attribute.attisdropped
    LOOP
        IF shown.said IS NOT NULL THEN
            EXECUTE format('COMMENT ON COLUMN {view}.%I IS %L', shown.name, shown.said);
        END IF;
    END LOOP;
    EXECUTE format('COMMENT ON VIEW {view} IS %L', obj_description('{table}'::regclass));
END
$comments$;
