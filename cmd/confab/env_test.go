package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestABadEnvFileIsNotQuoted(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), ".env")
	if err := loadEnv(name); err != nil {
		t.Errorf("without a file: %v", err)
	}
	const secret = "correct-horse-battery-staple"
	if err := os.WriteFile(name, []byte("no assignment\nCONFAB_TURN_SECRET="+secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := loadEnv(name); err == nil || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), secret) {
		t.Errorf("said %v", err)
	}
}
