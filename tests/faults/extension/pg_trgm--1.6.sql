-- Prefect's migrations ask for pg_trgm, which the PostgreSQL from PyPI does not bring. This operator class has no
-- operators: the planner never uses its indexes, which hold nothing. For tests only.
CREATE FUNCTION trgm_stand_in_extract(text, internal, internal) RETURNS internal
    LANGUAGE internal IMMUTABLE STRICT AS 'void_in';
CREATE FUNCTION trgm_stand_in_query(text, internal, int2, internal, internal, internal, internal) RETURNS internal
    LANGUAGE internal IMMUTABLE STRICT AS 'void_in';
CREATE FUNCTION trgm_stand_in_consistent(internal, int2, text, int4, internal, internal, internal, internal) RETURNS bool
    LANGUAGE internal IMMUTABLE STRICT AS 'void_in';
CREATE OPERATOR CLASS gin_trgm_ops FOR TYPE text USING gin AS
    FUNCTION 1 bttextcmp(text, text),
    FUNCTION 2 trgm_stand_in_extract(text, internal, internal),
    FUNCTION 3 trgm_stand_in_query(text, internal, int2, internal, internal, internal, internal),
    FUNCTION 4 trgm_stand_in_consistent(internal, int2, text, int4, internal, internal, internal, internal);
