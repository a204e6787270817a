package tree

import (
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sealift/sealift/gitops"
)

// FuzzParseTree looks for lines of git ls-tree that give a path out of the tree.
func FuzzParseTree(f *testing.F) {
	id := strings.Repeat("a", 40)
	f.Add("100644 blob " + id + "\ta\x00")
	f.Add("040000 tree " + id + "\td\x00120000 blob " + id + "\td/l\x00160000 commit " + id + "\ts\x00")
	f.Add("100644 blob " + id + "\t../x\x00")
	f.Add("100644 blob\ta")
	f.Fuzz(func(t *testing.T, s string) {
		nodes, err := parseTree(s, strings.Count(s, "\x00"), 40)
		if err != nil {
			return
		}
		for _, n := range nodes {
			if !filepath.IsLocal(n.path) || n.path == "." || len(n.id) != 40 || n.kind == gitops.Missing {
				t.Errorf("parseTree(%q) has %+v", s, n)
			}
		}
	})
}

// What is accepted as a repository is an address that every reader of URLs
// understands alike, and that its own suggestion allows.
func FuzzParseRepo(f *testing.F) {
	for _, s := range []string{"https://github.com/org/repo.git", "git@github.com:org/repo", "ssh://git@host:22/a/b", "https://[::1]:8443/a",
		"https://127.1/a", "http://a@b/c", "https://a.b/%2e%2e/c", "https://github.com\\@evil.com/x", "//x/y", "https://a/b?c#d", "git+ssh://a/b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := parseRepo(s)
		if err != nil {
			return
		}
		u, err := url.Parse(a.url())
		if err != nil || u.Hostname() != a.host || u.User != nil || u.RawQuery != "" || strings.Contains(u.Path, "..") && strings.Contains(u.Path+"/", "/../") {
			t.Fatalf("parseRepo(%q) = %+v, read as %v, %v", s, a, u, err)
		}
		again, err := parseRepo(a.url())
		if err != nil || again.url() != a.url() {
			t.Errorf("%q is %q and then %q, %v", s, a.url(), again.url(), err)
		}
		if err := newAllowList([]string{a.suggestion()}).check(a); err != nil {
			t.Errorf("%q is not allowed by %q", a.url(), a.suggestion())
		}
	})
}

// A ref that is accepted is one that git accepts as a name, above all not an
// option.
func FuzzCheckRef(f *testing.F) {
	for _, s := range []string{"main", "v1.0.0", "feature/x", "--upload-pack=x", "a..b", "a@{1}", "@", "a b", "a:b", "+a", "refs/heads/*", "a.lock", "/a", "a/", "é"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, ref string) {
		if checkRef(ref) != nil {
			return
		}
		if strings.HasPrefix(ref, "-") || strings.ContainsAny(ref, " \t\r\n\x00:*?[\\^~\x7f") || strings.Contains(ref, "..") || strings.Contains(ref, "@{") {
			t.Errorf("checkRef(%q) accepts it", ref)
		}
	})
}

// An entry never allows another host than the one it names.
func FuzzAllow(f *testing.F) {
	f.Add("github.com/org", "https://github.com/org/repo")
	f.Add("*.example.com", "https://evilexample.com/a/b")
	f.Add("*.com", "https://a.com:8443/x")
	f.Add("http://127.0.0.1:80", "http://127.0.0.1/x")
	f.Fuzz(func(t *testing.T, entry, repo string) {
		p, ok := parsePattern(entry)
		a, err := parseRepo(repo)
		if !ok || err != nil || !p.matches(a) {
			return
		}
		if a.host != p.host && !(p.sub && strings.HasSuffix(a.host, "."+p.host)) || a.scheme == "http" && !strings.HasPrefix(strings.ToLower(entry), "http://") {
			t.Errorf("%q allows %q", entry, a.url())
		}
	})
}

// TestCheckRef refuses what git could take for an option or for more than one ref.
func TestCheckRef(t *testing.T) {
	for _, ref := range []string{"", "main", "v1.2.3", "feature/x", "release-1.0", "refs/tags/v1", "app/v2@next", "HEAD", "0123abc"} {
		if err := checkRef(ref); err != nil {
			t.Errorf("checkRef(%q) = %v", ref, err)
		}
	}
	for _, ref := range []string{
		"--upload-pack=touch x", "-n", "a..b", "a b", "a\tb", "a\nb", "a\x00b", "a:b", "a?b", "a*", "a[b", `a\b`, "a^", "a~1", "a@{1}", "@",
		"/a", "a/", "a//b", ".a", "a/.b", "a.", "a.lock", "a.lock/b", "\xff", strings.Repeat("a", maxRef+1), "^a",
	} {
		wantError(t, checkRef(ref), gitops.Invalid, "ref is not valid")
	}
}

// TestAllow compares entries of the allow-list with addresses that look alike.
func TestAllow(t *testing.T) {
	for _, test := range []struct {
		entry, repo string
		want        bool
	}{
		{"github.com", "https://github.com/org/repo", true},
		{"GitHub.com/org", "https://GITHUB.com/org/repo.git", true},
		{"github.com/org/repo", "https://github.com/org/repo.git", true},
		{"github.com/org/repo.git", "https://github.com/org/repo", true},
		{"github.com/org/repo/", "git@github.com:org/repo.git", true},
		{"github.com/org/repo", "ssh://git@github.com:22/org/repo.git", true},
		{"https://github.com/org", "https://github.com:443/org/repo", true},
		{"*.example.com", "https://git.example.com/a/b", true},
		{"*.example.com/a", "https://x.git.example.com/a/b", true},
		{"example.com:8443", "https://example.com:8443/a/b", true},
		{"http://127.0.0.1:8080", "http://127.0.0.1:8080/a", true},
		{"[2001:db8::1]/a", "https://[2001:db8::1]/a/b", true},

		{"github.com/org", "https://github.com/organisation/repo", false},
		{"github.com/org/repo", "https://github.com/org/repo2", false},
		{"github.com/org/repo", "https://github.com/org", false},
		{"github.com/org", "https://github.com/ORG/repo", false},
		{"github.com", "https://github.com.evil.com/org/repo", false},
		{"github.com", "https://evilgithub.com/org/repo", false},
		{"github.com", "https://github.com:8443/org/repo", false},
		{"github.com", "http://github.com/org/repo", false},
		{"http://github.com", "https://github.com/org/repo", false},
		{"*.example.com", "https://example.com/a/b", false},
		{"*.example.com", "https://evilexample.com/a/b", false},
		{"*.0.0.1", "https://127.0.0.1/a/b", false},
		{"*", "https://github.com/org/repo", false},
		{"", "https://github.com/org/repo", false},
		{"git*.com", "https://github.com/org/repo", false},
	} {
		a, err := parseRepo(test.repo)
		if err != nil {
			t.Fatal(err)
		}
		if got := newAllowList([]string{test.entry}).check(a) == nil; got != test.want {
			t.Errorf("%q allows %q: %v, want %v", test.entry, test.repo, got, test.want)
		}
	}
	for _, entry := range []string{"github.com", "*.example.com/a", "http://127.0.0.1:8080", "github.com/org/repo"} {
		if err := CheckAllow(entry); err != nil {
			t.Errorf("CheckAllow(%q) = %v", entry, err)
		}
	}
	for _, entry := range []string{"", "*", "ssh://github.com", "git@github.com:org", "github.com/../x", "user@github.com", "file:///x", "github.com/a?b", "git hub.com"} {
		wantError(t, CheckAllow(entry), gitops.Invalid, "not valid")
	}
}

// TestIsPublic knows the ranges that lead inside, in IPv6 as well.
func TestIsPublic(t *testing.T) {
	for _, ip := range []string{"140.82.121.4", "1.1.1.1", "2606:4700::1111"} {
		if !isPublic(netip.MustParseAddr(ip)) {
			t.Errorf("%s is public", ip)
		}
	}
	for _, ip := range []string{
		"0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.9.9.9", "169.254.169.254", "172.16.0.1", "192.0.0.192",
		"192.168.0.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "168.63.129.16",
		"::", "::1", "::ffff:127.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::1", "2001::1", "2001:db8::1",
		"fe80::1", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "100::1",
	} {
		if isPublic(netip.MustParseAddr(ip)) {
			t.Errorf("%s is not public", ip)
		}
	}
}
