package main

import (
	"bytes"
	"os"
	"testing"
)

// TestManifestIsACopy holds the copy that is built in to app.yml.
func TestManifestIsACopy(t *testing.T) {
	want, err := os.ReadFile("../../app.yml")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(manifestYAML, want) {
		t.Error("cmd/bot/app.yml differs from app.yml: copy it")
	}
	if len(appManifest()) == 0 {
		t.Error("no manifest")
	}
}
