package sqlstore

import (
	"context"

	"confab/store"
)

func scanTOTP(r Row) (f store.TOTP, err error) {
	err = r.Scan(toID{&f.UserID}, &f.Secret, &f.LastStep, toTime{&f.CreatedAt})
	return f, err
}

// TOTP implements store.SecondFactors.
func (t *Tx) TOTP(ctx context.Context, userID store.ID) (store.TOTP, error) {
	return one(ctx, t, "find second factor", scanTOTP,
		`SELECT user_id, secret, last_step, created_at FROM totp WHERE user_id = $1`, id(userID))
}

// SetTOTP implements store.SecondFactors.
func (t *Tx) SetTOTP(ctx context.Context, f store.TOTP) error {
	_, err := t.exec(ctx, "keep second factor", `INSERT INTO totp (user_id, secret, last_step, created_at)
		VALUES ($1, $2, $3, $4)
		ON CONFLICT (user_id) DO UPDATE SET secret = $2, last_step = $3, created_at = $4`,
		id(f.UserID), f.Secret, f.LastStep, t.at(f.CreatedAt))
	return err
}

// DeleteTOTP implements store.SecondFactors.
func (t *Tx) DeleteTOTP(ctx context.Context, userID store.ID) error {
	const what = "delete second factor"
	if _, err := t.exec(ctx, what, `DELETE FROM totp WHERE user_id = $1`, id(userID)); err != nil {
		return err
	}
	_, err := t.exec(ctx, what, `DELETE FROM recovery_codes WHERE user_id = $1`, id(userID))
	return err
}

// SetRecoveryCodes implements store.SecondFactors.
func (t *Tx) SetRecoveryCodes(ctx context.Context, userID store.ID, hashes [][]byte) error {
	const what = "keep recovery codes"
	if _, err := t.exec(ctx, what, `DELETE FROM recovery_codes WHERE user_id = $1`, id(userID)); err != nil {
		return err
	}
	for _, h := range hashes {
		if _, err := t.exec(ctx, what, `INSERT INTO recovery_codes (user_id, code_hash) VALUES ($1, $2)`, id(userID), h); err != nil {
			return err
		}
	}
	return nil
}

// SpendRecoveryCode implements store.SecondFactors.
func (t *Tx) SpendRecoveryCode(ctx context.Context, userID store.ID, hash []byte) (bool, error) {
	n, err := t.exec(ctx, "spend recovery code", `DELETE FROM recovery_codes WHERE user_id = $1 AND code_hash = $2`,
		id(userID), hash)
	return n == 1, err
}
