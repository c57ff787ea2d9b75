package sqlstore

import (
	"context"
	"errors"

	"confab/store"
)

// The keys of meta. The witness is what the engine knew the database by when it was last opened.
const (
	epochKey   = "epoch"
	witnessKey = "witness"
)

// Recognise settles the epoch of the database at opening. seen is what the engine knows this database by now: while it
// equals the witness that the database itself remembers, the epoch stays. Otherwise the database has been put in place
// of another, and gets a new epoch; renewed tells so (a database's first epoch is not a renewal). next becomes the
// witness to be compared with at the next opening.
func (t *Tx) Recognise(ctx context.Context, seen, next string) (epoch store.ID, renewed bool, err error) {
	known, err := t.meta(ctx, epochKey)
	if err != nil {
		return "", false, err
	}
	witness, err := t.meta(ctx, witnessKey)
	if err != nil {
		return "", false, err
	}
	if known == "" || witness != seen {
		renewed = known != ""
		if known, err = t.renew(ctx); err != nil {
			return "", false, err
		}
	}
	return store.ID(known), renewed, t.setMeta(ctx, witnessKey, next)
}

// RenewEpoch gives the database a new epoch whatever its witness says.
func (t *Tx) RenewEpoch(ctx context.Context) (store.ID, error) {
	epoch, err := t.renew(ctx)
	return store.ID(epoch), err
}

// StoredEpoch reads the epoch; it is what a Ping asks.
func (t *Tx) StoredEpoch(ctx context.Context) (store.ID, error) {
	epoch, err := t.meta(ctx, epochKey)
	return store.ID(epoch), err
}

// SetWitness replaces the witness alone.
func (t *Tx) SetWitness(ctx context.Context, next string) error {
	return t.setMeta(ctx, witnessKey, next)
}

func (t *Tx) renew(ctx context.Context) (string, error) {
	epoch := string(store.NewID())
	return epoch, t.setMeta(ctx, epochKey, epoch)
}

// meta reads one entry; a missing one is empty.
func (t *Tx) meta(ctx context.Context, key string) (string, error) {
	v, err := one(ctx, t, "read "+key, scanText, `SELECT value FROM meta WHERE key = $1`, key)
	if errors.Is(err, store.ErrNotFound) {
		return "", nil
	}
	return v, err
}

func (t *Tx) setMeta(ctx context.Context, key, value string) error {
	_, err := t.exec(ctx, "write "+key, `INSERT INTO meta (key, value) VALUES ($1, $2)
		ON CONFLICT (key) DO UPDATE SET value = excluded.value`, key, value)
	return err
}
