package web_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
	"testing"
	"unicode/utf16"

	"github.com/chromedp/chromedp"
)

// recorder is a proxy that stands between a browser and everything else, and keeps
// every byte that the browser sends and gets.
type recorder struct {
	mu   sync.Mutex
	b    bytes.Buffer
	addr string
}

func newRecorder(t *testing.T) *recorder {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	r := &recorder{addr: l.Addr().String()}
	proxy := &httputil.ReverseProxy{Rewrite: func(*httputil.ProxyRequest) {}, ErrorLog: log.New(&logs{}, "", 0)} // the browser's own calls lead nowhere
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if host := req.URL.Hostname(); host != "127.0.0.1" {
			http.Error(w, "only this machine", http.StatusForbidden)
			return
		}
		proxy.ServeHTTP(w, req)
	})}
	go func() { _ = srv.Serve(recordedListener{l, r}) }()
	t.Cleanup(func() { _ = srv.Close() })
	return r
}

// flags make Chromium use the recorder for all that it does.
func (r *recorder) flags() []chromedp.ExecAllocatorOption {
	return []chromedp.ExecAllocatorOption{chromedp.Flag("proxy-server", "http://"+r.addr), chromedp.Flag("proxy-bypass-list", "<-loopback>")}
}

// shows tells whether a text is in what was recorded, as it is or in a usual
// encoding.
func (r *recorder) shows(text string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	for name, form := range encodings(text) {
		if bytes.Contains(r.b.Bytes(), form) {
			return name
		}
	}
	return ""
}

// encodings are the forms in which a text may be found, by name.
func encodings(text string) map[string][]byte {
	var wide []byte
	for _, c := range utf16.Encode([]rune(text)) {
		wide = append(wide, byte(c), byte(c>>8))
	}
	out := map[string][]byte{"as it is": []byte(text), "hex": []byte(hex.EncodeToString([]byte(text))), "UTF-16": wide, "escaped": []byte(url.QueryEscape(text))}
	for shift := range 3 { // where the text begins among the groups of three bytes
		coded := base64.RawStdEncoding.EncodeToString(append(make([]byte, shift), text...))
		out[fmt.Sprint("base64, shifted by ", shift)] = []byte(coded[4 : len(coded)-4])
	}
	return out
}

type recordedListener struct {
	net.Listener
	r *recorder
}

func (l recordedListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	return recordedConn{c, l.r}, err
}

type recordedConn struct {
	net.Conn
	r *recorder
}

func (c recordedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.r.add(p[:n])
	return n, err
}

func (c recordedConn) Write(p []byte) (int, error) {
	c.r.add(p)
	return c.Conn.Write(p)
}

func (r *recorder) add(p []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.b.Write(p)
}
