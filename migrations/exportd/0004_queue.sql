-- Whose message leads to a job: the sweep of one queue leaves the jobs of another alone.
ALTER TABLE exportd.export ADD COLUMN queue text; -- EXPORTD_QUEUE; NULL: not known, any queue's sweep may bring it back
