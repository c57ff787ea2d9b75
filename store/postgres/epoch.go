package postgres

import (
	"context"
	"errors"
	"log/slog"

	"github.com/jackc/pgx/v5/pgconn"

	"confab/store"
	"confab/store/sqlstore"
)

// How a restored older database is noticed. The database remembers where it was when it was last opened: the cluster
// (system identifier), the cluster's timeline, the database and its table "meta" (their object ids). A dump that is
// restored makes new tables, in a new database or in the old one; a point-in-time recovery and a failover begin a new
// timeline; another cluster has another identifier. In each case the epoch is renewed; where no harm was meant
// (pg_upgrade) that costs clients one reload.
//
// What this cannot see is the data directory put back from a cold copy, or a snapshot of the whole disk: for those,
// RenewEpoch.

// identity is where this database is. The cluster's part needs functions that a hosted PostgreSQL may keep to itself.
const (
	clusterIdentity  = `SELECT (SELECT system_identifier FROM pg_control_system())::text || ' ' || left(pg_walfile_name(pg_current_wal_lsn()), 8)`
	databaseIdentity = `SELECT (SELECT oid FROM pg_database WHERE datname = current_database())::text || ' ' || 'meta'::regclass::oid::text`
)

// recognise settles the epoch at opening.
func (s *Store) recognise(ctx context.Context, log *slog.Logger) error {
	var cluster, database string
	if err := s.pool.QueryRow(ctx, clusterIdentity).Scan(&cluster); err != nil {
		var refused *pgconn.PgError
		if !errors.As(err, &refused) {
			return err
		}
		log.Info("postgres does not tell its cluster: a restored database may go unnoticed", "reason", refused.Message)
	}
	if err := s.pool.QueryRow(ctx, databaseIdentity).Scan(&database); err != nil {
		return err
	}
	here := cluster + " " + database
	var epoch store.ID
	var renewed bool
	err := s.update(ctx, func(tx *sqlstore.Tx) (err error) {
		epoch, renewed, err = tx.Recognise(ctx, here, here)
		return err
	})
	if err != nil {
		return err
	}
	if renewed {
		log.Warn("this database is not the one that was last opened: clients will reload everything")
	}
	s.epoch.Store(epoch)
	return nil
}

// RenewEpoch gives the database a new epoch: what an administrator asks for after restoring a backup in a way that
// cannot be noticed. Servers that run on the database notice at their next start.
func (s *Store) RenewEpoch(ctx context.Context) error {
	var epoch store.ID
	err := s.update(ctx, func(tx *sqlstore.Tx) (err error) {
		epoch, err = tx.RenewEpoch(ctx)
		return err
	})
	if err == nil {
		s.epoch.Store(epoch)
	}
	return err
}

// Epoch implements store.Store.
func (s *Store) Epoch() store.ID { return s.epoch.Load().(store.ID) }
