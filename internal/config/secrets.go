package config

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// MakeDataDir makes the data folder where it is missing, for this user alone.
func (c *Config) MakeDataDir() error {
	if err := os.MkdirAll(c.DataDir, 0o700); err != nil {
		return fmt.Errorf("CONFAB_DATA_DIR: %w", err)
	}
	return nil
}

// LoadSecrets fills in the secrets that were not configured: from the data folder, or, on the first start, with fresh
// random ones that are then kept there.
func (c *Config) LoadSecrets() error {
	for _, s := range []struct {
		value *string
		file  string
	}{{&c.JWTSecret, "jwt.key"}, {&c.TURNSecret, "turn.key"}} {
		if *s.value != "" {
			continue
		}
		secret, err := keptSecret(filepath.Join(c.DataDir, s.file))
		if err != nil {
			return err
		}
		*s.value = secret
	}
	return nil
}

func keptSecret(path string) (string, error) {
	kept, err := os.ReadFile(path)
	switch {
	case err == nil:
		secret := strings.TrimSpace(string(kept))
		if len(secret) < secretGood {
			return "", fmt.Errorf("%s: too short for a key; delete it and a new one is made (everybody signs in again)", path)
		}
		return secret, nil
	case !errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("read key: %w", err)
	}
	random := make([]byte, secretGood)
	rand.Read(random) // never fails
	secret := base64.RawURLEncoding.EncodeToString(random)
	// O_EXCL: of two servers that start at once on one folder, the second must not replace the first one's key.
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", fmt.Errorf("keep key: %w", err)
	}
	if _, err = f.WriteString(secret + "\n"); err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return "", fmt.Errorf("keep key: %w", err)
	}
	return secret, nil
}
