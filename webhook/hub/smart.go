package hub

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/cgi"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

// maxPush is how many bytes a push may have.
const maxPush = 512 << 20

// serveGit answers git's smart HTTP protocol. Reading needs contents:read,
// pushing contents:write.
func (h *Hub) serveGit(w http.ResponseWriter, r *http.Request) {
	service := r.URL.Query().Get("service")
	if !strings.HasSuffix(r.URL.Path, "/info/refs") {
		service = r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	}
	push := service == "git-receive-pack"
	if !push && service != "git-upload-pack" {
		http.Error(w, "Please upgrade your git client.", http.StatusForbidden)
		return
	}
	f := h.begin(service, r)
	if f.before(w, r) {
		return
	}
	if f.after() {
		w = &lost{ResponseWriter: w}
	}
	if rp, by := h.gitAccess(w, r, push); rp != nil {
		h.backend(w, r, rp, by, push)
	}
	f.finish(w, r)
}

// gitAccess finds the repository and checks the caller. It answers itself, and
// returns nil, when the caller may not.
func (h *Hub) gitAccess(w http.ResponseWriter, r *http.Request, push bool) (*repo, *account) {
	h.mu.Lock()
	defer h.mu.Unlock()
	who, fail := h.identify(r)
	if fail != nil {
		gitRefuse(w, http.StatusUnauthorized, "Invalid username or token.")
		return nil, nil
	}
	rp, err := h.repo(r.PathValue("owner") + "/" + strings.TrimSuffix(r.PathValue("repo"), ".git"))
	if err != nil || !h.visible(who, rp) {
		if who.tok == nil {
			gitRefuse(w, http.StatusUnauthorized, "Authentication required.")
		} else {
			gitRefuse(w, http.StatusNotFound, "Repository not found.")
		}
		return nil, nil
	}
	need := "contents:read"
	if push {
		need = "contents:write"
	}
	if !h.may(who, rp, need) {
		if who.tok == nil {
			gitRefuse(w, http.StatusUnauthorized, "Authentication required.")
		} else {
			gitRefuse(w, http.StatusForbidden, "Permission to "+rp.fullName()+".git denied to "+who.login()+".")
		}
		return nil, nil
	}
	return rp, who.account()
}

// gitRefuse answers git, which shows the text to nobody but asks for a password on a
// 401.
func gitRefuse(w http.ResponseWriter, status int, msg string) {
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Basic realm="GitHub"`)
	}
	http.Error(w, msg, status)
}

// backend hands the request to git http-backend. A push holds the repository, so that
// what moved is known to be the caller's.
func (h *Hub) backend(w http.ResponseWriter, r *http.Request, rp *repo, by *account, push bool) {
	body, size, err := spool(r, rp.git.dir)
	if err != nil {
		http.Error(w, "The request is too large or was cut off.", http.StatusRequestEntityTooLarge)
		return
	}
	defer body.Close()
	r2 := r.Clone(r.Context())
	r2.Body, r2.ContentLength, r2.TransferEncoding = body, size, nil
	r2.URL.Path = "/" + strings.TrimPrefix(r.URL.Path, "/"+r.PathValue("owner")+"/"+r.PathValue("repo")+"/")
	r2.Header.Del("Authorization")
	env := append(environment(), "GIT_PROJECT_ROOT="+rp.git.dir, "GIT_HTTP_EXPORT_ALL=1", "GIT_PROTOCOL="+r.Header.Get("Git-Protocol"))
	if push {
		rp.pushing.Lock()
		defer rp.pushing.Unlock()
		env = append(env, h.guards(rp)...)
	}
	exe, err := exec.LookPath("git")
	if err != nil {
		http.Error(w, "git is not installed", http.StatusInternalServerError)
		return
	}
	var problems bytes.Buffer
	(&cgi.Handler{Path: exe, Args: []string{"http-backend"}, Dir: rp.git.dir, Env: env, Stderr: &problems}).ServeHTTP(w, r2)
	if problems.Len() > 0 {
		h.log.Debug("git http-backend", slog.String("repository", rp.name), slog.String("stderr", problems.String()))
	}
	if push && r.Method == http.MethodPost {
		h.received(context.WithoutCancel(r.Context()), rp, by)
	}
}

// received does what follows from a push.
func (h *Hub) received(ctx context.Context, rp *repo, by *account) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.sync(ctx, rp, by); err != nil {
		h.log.Error("push", slog.String("repository", rp.name), slog.Any("error", err))
	}
}

// guards makes git refuse pushes to branches that want pull requests.
func (h *Hub) guards(rp *repo) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var env []string
	n := 0
	for branch, p := range rp.rules {
		if p.PullRequest || p.Queue {
			i := strconv.Itoa(n)
			env = append(env, "GIT_CONFIG_KEY_"+i+"=receive.hideRefs", "GIT_CONFIG_VALUE_"+i+"=refs/heads/"+branch)
			n++
		}
	}
	return append(env, "GIT_CONFIG_COUNT="+strconv.Itoa(n))
}

// spool puts the body into a file without a name: CGI wants to know its length.
func spool(r *http.Request, dir string) (*os.File, int64, error) {
	f, err := os.CreateTemp(dir, "push-")
	if err != nil {
		return nil, 0, err
	}
	os.Remove(f.Name())
	n, err := io.Copy(f, http.MaxBytesReader(nil, r.Body, maxPush))
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		f.Close()
	}
	return f, n, err
}
