--
-- PostgreSQL database dump
--
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
CREATE FUNCTION f() RETURNS void AS $$ SELECT 1; $$ LANGUAGE sql;
CREATE TABLE public.contacts (id integer, owner text, name text, phone text, photo bytea);
COPY public.contacts (id, owner, name, phone, photo) FROM stdin;
1	ann	canary-value\n	+441632960001	\\x00ff
1	ann	canary-value\n	+441632960001	\\x00ff
1	ann	canary-value\n	+441632960001	\\x00ff
1	ann	canary-value\n	+441632960001	\\x00ff
1	ann	canary-value\n	+441632960001	\\x00ff
1	ann	canary-value\n	+441632960001	\\x00ff
1	ann	canary-value\n	+441632960001	\\x00ff
1	ann	canary-value\n	+441632960001	\\x00ff
1	ann	canary-value\n	+441632960001	\\x00ff
1	ann	canary-value\n	+441632960001	\\x00ff
1	ann	canary-value\n	+441632960001	\\x00ff
1	ann	canary-value\n	+441632960001	\\x00ff
1	ann	canary-value\n	+441632960001	\\x00ff
1	ann	canary-value\n	+441632960001	\\x00ff
1	ann	canary-value\n	+441632960001	\\x00ff
1	ann	canary-value\n	+441632960001	\\x00ff
1	ann	canary-value\n	+441632960001	\\x00ff
1	ann	canary-value\n	+441632960001	\\x00ff
1	ann	canary-value\n	+441632960001	\\x00ff
1	ann	canary-value\n	+441632960001	\\x00ff
2	bad
\.
INSERT INTO public.contacts VALUES (3, E'a\'b', $q$canary-value$q$, NULL, '\x00'::bytea);
--
-- PostgreSQL database dump complete
--
