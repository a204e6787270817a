package main

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"github.com/sealift/sealift/gitops"
)

// appFile is the file in the data directory that the set-up page stores the App
// in.
const appFile = "app.json"

// maxAppFile bounds what is read of it; it has some 3 KB.
const maxAppFile = 64 << 10

// storedApp is an App as the set-up page stores it. All but the first two fields and
// the client id are secret.
type storedApp struct {
	ID            int64  `json:"id"`
	Slug          string `json:"slug"`
	PEM           string `json:"pem"`
	WebhookSecret string `json:"webhook_secret"`
	ClientID      string `json:"client_id"`
	ClientSecret  string `json:"client_secret"`
}

// readApp reads the App stored in dir; ok is false when there is none. It refuses
// a file that others may read or write. The group may: Kubernetes gives a volume
// to the group of the pod.
func readApp(dir string) (a storedApp, ok bool, err *gitops.Error) {
	name := filepath.Join(dir, appFile)
	f, openErr := os.Open(name)
	if errors.Is(openErr, fs.ErrNotExist) {
		return a, false, nil
	}
	if openErr != nil {
		return a, false, gitops.Errorf(gitops.Invalid, "stored App: %w", openErr)
	}
	defer f.Close()
	info, statErr := f.Stat()
	if statErr != nil {
		return a, false, gitops.Errorf(gitops.Unavailable, "stored App: %w", statErr)
	}
	if info.Mode().Perm()&0o007 != 0 {
		return a, false, &gitops.Error{Code: gitops.Invalid, Message: "stored App can be read by others: " + gitops.Quote(name), Hint: "chmod 600 it, and make new credentials on GitHub if somebody may have read it"}
	}
	data, readErr := io.ReadAll(io.LimitReader(f, maxAppFile))
	if readErr != nil {
		return a, false, gitops.Errorf(gitops.Unavailable, "stored App: %w", readErr)
	}
	if json.Unmarshal(data, &a) != nil || a.ID <= 0 { // the error may quote a secret
		return storedApp{}, false, &gitops.Error{Code: gitops.Invalid, Message: "stored App cannot be read: " + gitops.Quote(name), Hint: "remove the file to register an App anew"}
	}
	return a, true, nil
}

// writeApp stores an App in dir with mode 0600, whole or not at all. It does not
// replace one that is there.
func writeApp(dir string, a storedApp) error {
	data, err := json.MarshalIndent(a, "", "  ")
	if err != nil {
		return gitops.Errorf(gitops.Internal, "stored App: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return gitops.Errorf(gitops.Unavailable, "stored App: %w", err)
	}
	target := filepath.Join(dir, appFile)
	if _, err := os.Lstat(target); err == nil {
		return gitops.Errorf(gitops.Invalid, "stored App is there already: %s", gitops.Quote(target))
	}
	f, err := os.CreateTemp(dir, ".app-*") // mode 0600
	if err != nil {
		return gitops.Errorf(gitops.Unavailable, "stored App: %w", err)
	}
	defer os.Remove(f.Name())
	_, err = f.Write(append(data, '\n'))
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), target)
	}
	if err != nil {
		return gitops.Errorf(gitops.Unavailable, "stored App: %w", err)
	}
	return nil
}

// completeApp takes what the set-up page stored for what was not given.
func (l *loader) completeApp(c *serviceConfig) {
	if c.AppID != 0 {
		l.problems = append(l.problems, l.absent...)
	}
	if c.DataDir != "" {
		stored, ok, err := readApp(c.DataDir)
		if err != nil {
			l.add(err)
		} else if ok && (c.AppID == 0 && c.shown["app-id"].text == "" || c.AppID == stored.ID) {
			l.fill(c, stored)
		}
	}
	l.missing(c)
}

// fill sets what of a stored App was not given.
func (l *loader) fill(c *serviceConfig, a storedApp) {
	c.AppSlug = a.Slug
	stored := map[string]string{
		"app-id": strconv.FormatInt(a.ID, 10), "private-key": a.PEM, "webhook-secret": a.WebhookSecret, "client-id": a.ClientID, "client-secret": a.ClientSecret,
	}
	for _, s := range appSettings() {
		if value := stored[s.name]; value != "" && c.shown[s.name].text == "" {
			l.set(c, s, given{text: value, from: appFile})
		}
	}
}

// missing tells what an App or the log-in lacks.
func (l *loader) missing(c *serviceConfig) {
	has := func(name string) bool { return c.shown[name].text != "" }
	missing := func(name, why string) {
		if !has(name) && len(l.absent) == 0 {
			l.add(gitops.Errorf(gitops.Invalid, "%s is missing: %s", name, why))
		}
	}
	if has("app-id") {
		missing("private-key", "app-id is given")
		missing("webhook-secret", "app-id is given")
	} else if has("private-key") {
		missing("app-id", "private-key is given")
	}
	if has("client-secret") {
		missing("client-id", "client-secret is given")
	}
	if has("client-id") {
		missing("client-secret", "client-id is given")
	}
}
