package auth

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"strings"
	"time"

	"confab/internal/fault"
	"confab/internal/limit"
	"confab/store"
)

const (
	// recoveryCodes is how many codes come with a second factor: enough for a phone that is lost for a while.
	recoveryCodes = 10
	// recoveryLen is the length of each in random bytes. At 80 bits nobody finds one in a leaked table by trying, so
	// that a plain hash will do.
	recoveryLen = 10
)

// Enrolment is a second factor that waits to be confirmed: the secret in base32, and the same as a URI for a QR code.
type Enrolment struct {
	Secret string `json:"secret" doc:"Base32, to be typed into an authenticator app."`
	URI    string `json:"uri" doc:"The same as otpauth URI, to be shown as a QR code."`
}

// sealer keeps secrets that the server must be able to read again from whoever only has the database. AES-256-GCM; the
// owner is authenticated along, so that a row moved to another account opens there as little as anywhere.
type sealer struct{ aead cipher.AEAD }

func newSealer(secret []byte) sealer {
	block, err := aes.NewCipher(derive(secret, "confab second factor v1"))
	if err != nil { // the key is 32 bytes
		panic("auth: " + err.Error())
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic("auth: " + err.Error())
	}
	return sealer{aead}
}

func (s sealer) seal(owner store.ID, plain []byte) []byte {
	return s.aead.Seal(nil, nil, plain, []byte(owner))
}

func (s sealer) open(owner store.ID, sealed []byte) ([]byte, error) {
	return s.aead.Open(nil, nil, sealed, []byte(owner))
}

// EnrolTOTP makes a second factor for the account, which counts once ConfirmTOTP has seen a code of it. One that was
// not confirmed is replaced. Refusals: wrong_password, totp_enabled.
func (s *Service) EnrolTOTP(ctx context.Context, userID store.ID, password string) (Enrolment, error) {
	known, err := s.confirm(ctx, userID, "password", password)
	if err != nil {
		return Enrolment{}, err
	}
	secret := make([]byte, totpSecretLen)
	rand.Read(secret) // never fails
	err = s.store.Update(ctx, func(tx store.Tx) error {
		u, err := stillThe(ctx, tx, known)
		if err != nil {
			return err
		}
		if u.TOTPAt != nil {
			return fault.New(fault.Conflict, "totp_enabled", "the second factor is on; turn it off first")
		}
		return tx.SetTOTP(ctx, store.TOTP{UserID: userID, Secret: s.sealer.seal(userID, secret), CreatedAt: s.now()})
	})
	if err != nil {
		return Enrolment{}, err
	}
	return Enrolment{spell(secret), totpURI(known.Username, secret)}, nil
}

// ConfirmTOTP turns the second factor on, when code proves that the app has it, and gives the recovery codes, which
// nobody can read again later. Refusals: totp_not_pending, wrong_code, rate_limited.
func (s *Service) ConfirmTOTP(ctx context.Context, userID store.ID, code string) (recovery []string, err error) {
	if err := s.allowCode(userID); err != nil {
		return nil, err
	}
	recovery, hashes := newRecoveryCodes(userID)
	err = s.store.Update(ctx, func(tx store.Tx) error {
		u, err := tx.LockUser(ctx, userID)
		if err != nil {
			return err
		}
		f, err := tx.TOTP(ctx, userID)
		if errors.Is(err, store.ErrNotFound) || err == nil && u.TOTPAt != nil {
			return fault.New(fault.Conflict, "totp_not_pending", "there is no second factor that waits to be confirmed")
		} else if err != nil {
			return err
		}
		if err := s.spendTOTP(ctx, tx, f, normal(code)); err != nil {
			return err
		}
		now := s.now()
		u.TOTPAt, u.UpdatedAt = &now, now
		if err := tx.UpdateUser(ctx, u); err != nil {
			return err
		}
		return tx.SetRecoveryCodes(ctx, userID, hashes)
	})
	if err != nil {
		return nil, err
	}
	return recovery, nil
}

// RemoveTOTP turns the second factor off. code is one of the app's or a recovery code. Refusals: wrong_password,
// wrong_code, totp_not_enabled, rate_limited.
func (s *Service) RemoveTOTP(ctx context.Context, userID store.ID, password, code string) error {
	known, err := s.confirm(ctx, userID, "password", password)
	if err != nil {
		return err
	}
	if known.TOTPAt == nil {
		return fault.New(fault.Conflict, "totp_not_enabled", "the second factor is off")
	}
	if err := s.allowCode(userID); err != nil {
		return err
	}
	return s.store.Update(ctx, func(tx store.Tx) error {
		u, err := stillThe(ctx, tx, known)
		if err != nil {
			return err
		}
		if err := s.spend(ctx, tx, userID, code); err != nil {
			return err
		}
		u.TOTPAt, u.UpdatedAt = nil, s.now()
		if err := tx.UpdateUser(ctx, u); err != nil {
			return err
		}
		return tx.DeleteTOTP(ctx, userID)
	})
}

// allowCode bounds guessing: three codes of a million count at any moment.
func (s *Service) allowCode(userID store.ID) error {
	if s.limits == nil {
		return nil
	}
	if ok, after := s.limits.Allow(limit.Code, string(userID)); !ok {
		return &fault.Error{Kind: fault.RateLimited, Code: "rate_limited", Message: "too many codes; try again later", RetryAfter: after}
	}
	return nil
}

// spend takes a code of the app or a recovery code, each of them once. The account is locked.
func (s *Service) spend(ctx context.Context, tx store.Tx, userID store.ID, code string) error {
	code = normal(code)
	if len(code) != totpDigits {
		spent, err := tx.SpendRecoveryCode(ctx, userID, recoveryHash(userID, code))
		if err == nil && !spent {
			err = wrongCode()
		}
		return err
	}
	f, err := tx.TOTP(ctx, userID)
	if err != nil {
		return err
	}
	return s.spendTOTP(ctx, tx, f, code)
}

// spendTOTP takes a code of the app, unless it or a later one was taken before (RFC 6238, section 5.2).
func (s *Service) spendTOTP(ctx context.Context, tx store.Tx, f store.TOTP, code string) error {
	secret, err := s.sealer.open(f.UserID, f.Secret)
	if err != nil { // the server's secret is another one now; recovery codes still work
		s.log.Warn("a second factor cannot be opened with this server's CONFAB_JWT_SECRET", "user", f.UserID)
		return wrongCode()
	}
	step, ok := stepOf(secret, code, s.now())
	if !ok || step <= f.LastStep {
		return wrongCode()
	}
	f.LastStep = step
	return tx.SetTOTP(ctx, f)
}

func wrongCode() *fault.Error {
	return &fault.Error{Kind: fault.Forbidden, Code: "wrong_code", Message: "the code is wrong or was used before",
		Fields: []fault.Field{{Field: "code", Message: "is wrong or was used before"}}}
}

// normal takes out what people and apps put between the characters of a code.
func normal(code string) string {
	return strings.ToUpper(strings.NewReplacer(" ", "", "-", "", "\u00a0", "").Replace(code))
}

// newRecoveryCodes makes codes such as ABCD-EFGH-IJKL-MNOP, and what is kept of them.
func newRecoveryCodes(owner store.ID) (codes []string, hashes [][]byte) {
	for range recoveryCodes {
		random := make([]byte, recoveryLen)
		rand.Read(random) // never fails
		c := spell(random)
		hashes = append(hashes, recoveryHash(owner, c))
		codes = append(codes, c[:4]+"-"+c[4:8]+"-"+c[8:12]+"-"+c[12:])
	}
	return codes, hashes
}

func recoveryHash(owner store.ID, code string) []byte {
	sum := sha256.Sum256([]byte("confab recovery code v1\n" + string(owner) + "\n" + code))
	return sum[:]
}

// secondStep checks what a login needs besides the right password. It runs before the transaction that signs in, which
// calls spend where needed is true.
func (s *Service) secondStep(u store.User, code string) (needed bool, err error) {
	switch {
	case u.TOTPAt == nil:
		return false, nil
	case normal(code) == "":
		return true, fault.New(fault.Unauthorized, "totp_required", "a code of the second factor is wanted as well")
	}
	return true, s.allowCode(u.ID)
}

// same compares two moments that may be missing.
func same(a, b *time.Time) bool { return a == nil && b == nil || a != nil && b != nil && a.Equal(*b) }
