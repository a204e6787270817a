package ghapp

import (
	"container/list"
	"net/http"
	"strconv"
	"sync"
)

// The bounds of the ETag cache of all installations together, so that memory does
// not grow with their number.
const (
	tagEntries = 1024
	tagBytes   = 8 << 20
	tagLargest = tagBytes / 16 // a larger answer is not kept
)

// tags are answers that have an ETag, the least recently used first to go.
// GitHub answers 304 for those that still hold, which costs no quota. It does so
// only to who may see them, so tokens with different rights share one cache; the
// installation is part of the key.
type tags struct {
	mu    sync.Mutex
	byURL map[string]*list.Element
	order list.List // of *tagged, the most recently used in front
	bytes int
}

// tagged is an answer in the cache. It is not changed.
type tagged struct {
	key, tag string
	header   http.Header
	body     []byte
}

// tagKey names an answer: the same address has other answers for another Accept header.
func tagKey(installation int64, req *http.Request) string {
	return strconv.FormatInt(installation, 10) + " " + req.Header.Get("Accept") + " " + req.URL.String()
}

// ask makes a request conditional when its answer is known, and returns that.
func (t *tags) ask(installation int64, req *http.Request) *tagged {
	if req.Method != http.MethodGet {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	e := t.byURL[tagKey(installation, req)]
	if e == nil {
		return nil
	}
	t.order.MoveToFront(e)
	known := e.Value.(*tagged)
	req.Header.Set("If-None-Match", known.tag)
	return known
}

// keep remembers an answer.
func (t *tags) keep(installation int64, req *http.Request, resp *http.Response, body []byte) {
	tag := resp.Header.Get("Etag")
	if req.Method != http.MethodGet || resp.StatusCode != http.StatusOK || tag == "" {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	key := tagKey(installation, req)
	if old := t.byURL[key]; old != nil {
		t.drop(old)
	}
	if len(body) > tagLargest {
		return
	}
	if t.byURL == nil {
		t.byURL = map[string]*list.Element{}
	}
	t.byURL[key] = t.order.PushFront(&tagged{key: key, tag: tag, header: resp.Header.Clone(), body: body})
	t.bytes += len(body)
	for t.order.Len() > tagEntries || t.bytes > tagBytes {
		t.drop(t.order.Back())
	}
}

// drop forgets an answer. The caller holds the lock.
func (t *tags) drop(e *list.Element) {
	old := t.order.Remove(e).(*tagged)
	delete(t.byURL, old.key)
	t.bytes -= len(old.body)
}

// answer returns the answer as it came first.
func (t *tagged) answer() *http.Response {
	return &http.Response{Status: "200 OK", StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: t.header.Clone()}
}
