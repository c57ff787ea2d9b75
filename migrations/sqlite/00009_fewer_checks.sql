-- What is changed in PostgreSQL here costs SQLite little.

-- +goose Up
SELECT 1;

-- +goose Down
SELECT 1;
