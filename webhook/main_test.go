package webhook_test

import (
	"os"
	"testing"

	"github.com/sealift/sealift/gitops/render"
)

func TestMain(m *testing.M) {
	if render.IsWorker() {
		os.Exit(render.WorkerMain())
	}
	os.Exit(m.Run())
}
