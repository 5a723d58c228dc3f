-- A run may also mend what an audit found. The check of a column goes with the column, and the rows of a run stay.
ALTER TABLE runs RENAME COLUMN kind TO kind_before;
ALTER TABLE runs ADD COLUMN kind TEXT NOT NULL DEFAULT 'campaign' CHECK (kind IN ('campaign', 'tidy', 'audit'));
UPDATE runs SET kind = kind_before;
ALTER TABLE runs DROP COLUMN kind_before;
