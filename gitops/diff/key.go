package diff

import (
	"regexp"
	"strings"
)

// secretEndings are the ends of keys whose values are secrets, in lower case and
// without separators: db-password, AWS_SECRET_ACCESS_KEY, clientSecret.
var secretEndings = regexp.MustCompile(`(password|passwords|passwd|passphrase|passcode|passwordhash|pwd|secret|secrettext|` +
	`token|tokens|apikey|accesskey|accountkey|secretkey|secretkeybase|privatekey|signingkey|encryptionkey|masterkey|` +
	`sharedkey|sessionkey|authkey|requirepass|masterauth|connectionstring|dockerconfigjson|dockercfg)[0-9]*$`)

// pass is the word at the end of a key; "bypass" and "compass" are none.
var pass = regexp.MustCompile(`(^|[-_.])(?i:pass)[0-9]*$|[a-z0-9]Pass[0-9]*$`)

// nameEndings are keys that end like a secret and hold the name of one.
var nameEndings = regexp.MustCompile(`(pull|tls|existing|certificate|ref)secret$`)

// separators are dropped from a key before it is looked at.
var separators = strings.NewReplacer("-", "", "_", "", ".", "", " ", "", "/", "", "$", "", "(", "", ")", "{", "}", "")

// secretKey reports whether the value under key is a secret.
func secretKey(key string) bool {
	if len(key) > 200 || !mayBeSecret(key) {
		return false
	}
	k := strings.ToLower(separators.Replace(key))
	if k == "auth" {
		return true
	}
	return (secretEndings.MatchString(k) || pass.MatchString(key)) && !nameEndings.MatchString(k)
}

// words are in every key that [secretKey] accepts, as a quick test.
var words = []string{"pass", "pwd", "secret", "token", "key", "auth", "connectionstring", "dockerc"}

// mayBeSecret reports whether s has one of the words of a secret key.
func mayBeSecret(s string) bool {
	for i := range len(s) {
		switch s[i] | 0x20 {
		case 'p', 's', 't', 'k', 'a', 'c', 'd':
			if startsWithWord(s[i:]) {
				return true
			}
		}
	}
	return false
}

// startsWithWord reports whether s starts with one of the words.
func startsWithWord(s string) bool {
	for _, w := range words {
		if len(s) >= len(w) && s[0]|0x20 == w[0] && strings.EqualFold(s[:len(w)], w) {
			return true
		}
	}
	return false
}

// amount is a number as it stands for how many tokens a model may read or a bucket holds.
var amount = regexp.MustCompile(`^[0-9]{1,9}[kKmM]?$`)

// counted reports whether a value is how many there are, and no secret: max_tokens: 4096.
func counted(key, value string) bool {
	return amount.MatchString(value) && strings.HasSuffix(strings.ToLower(key), "tokens")
}

// references are values that say where a secret is instead of being one:
// variables, templates, paths of files, words without content, addresses of a
// secret store (Argo CD Vault plugin, vals, Vault agent).
var references = regexp.MustCompile(`^(|true|false|null|nil|none|~|` +
	`(\$\([\w.-]+\)|\$\{[\w.-]+\}|\$[A-Z_][A-Z0-9_]*|\$[\w-]+[:.][\w.:-]+|\{\{[^{}]*\}\}|%\([\w.-]+\)s)+|` +
	`\.{0,2}(/[\w.@-]+){2,}/?|` +
	`<(path|vault|secret):[\w./#:-]+>|(ref\+\w+|vault)://[\w./#?=&-]+|vault:[\w./-]+#[\w./-]+)$`)

// reference reports whether a value plainly refers to a secret or is empty.
func reference(value string) bool {
	return len(value) <= 200 && references.MatchString(strings.TrimSpace(value))
}
