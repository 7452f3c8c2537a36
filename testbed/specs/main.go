// Kubernetes' own specs of its API, as a program: docs/api-model/specs.md.
//
// In: the flags of k8s.io/kubernetes/test/e2e and a kubeconfig with a server that speaks plain HTTP. Out: ginkgo's report.
// It is that program with the specs of one folder, and with a transport that sends as JSON what the clients wrote as
// protobuf: the generated clients prefer protobuf, --kube-api-content-type does not reach those that the specs make by
// themselves, and after a 415 client-go falls back from CBOR only. Nothing of the specs or of client-go is changed.
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/kubernetes/test/e2e"
	"k8s.io/kubernetes/test/e2e/framework"
	"k8s.io/kubernetes/test/e2e/framework/config"

	_ "k8s.io/kubernetes/test/e2e/apimachinery"

	_ "k8s.io/kubernetes/test/e2e/framework/debug/init"
	_ "k8s.io/kubernetes/test/e2e/framework/metrics/init"
	_ "k8s.io/kubernetes/test/e2e/framework/node/init"
)

const protobuf = "application/vnd.kubernetes.protobuf"

// asJSON is what every client gets that needs no TLS: client-go takes http.DefaultTransport then.
type asJSON struct {
	next    http.RoundTripper
	decoder runtime.Decoder
}

func newAsJSON(next http.RoundTripper) *asJSON {
	scheme := runtime.NewScheme()
	utilruntime.Must(clientgoscheme.AddToScheme(scheme))
	utilruntime.Must(apiextensionsv1.AddToScheme(scheme))
	// A pointer, since client-go compares transports.
	return &asJSON{next, serializer.NewCodecFactory(scheme).UniversalDeserializer()}
}

func (t *asJSON) RoundTrip(request *http.Request) (*http.Response, error) {
	if !strings.HasPrefix(request.Header.Get("Content-Type"), protobuf) || request.Body == nil {
		return t.next.RoundTrip(request)
	}
	written, err := io.ReadAll(request.Body)
	request.Body.Close()
	if err != nil {
		return nil, err
	}
	object, kind, err := t.decoder.Decode(written, nil, nil)
	if err != nil {
		return nil, fmt.Errorf("read what a client wrote as protobuf: %w", err)
	}
	object.GetObjectKind().SetGroupVersionKind(*kind)
	text, err := json.Marshal(object)
	if err != nil {
		return nil, err
	}
	// A transport may not change the request that it is given.
	sent := request.Clone(request.Context())
	sent.Header.Set("Content-Type", "application/json")
	sent.Body, sent.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
	sent.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil }
	return t.next.RoundTrip(sent)
}

func main() {
	http.DefaultTransport = newAsJSON(http.DefaultTransport)
	testing.Init()
	config.CopyFlags(config.Flags, flag.CommandLine)
	framework.RegisterCommonFlags(flag.CommandLine)
	framework.RegisterClusterFlags(flag.CommandLine)
	flag.Parse()
	framework.AfterReadingAllFlags(&framework.TestContext)
	specs := []testing.InternalTest{{Name: "Specs", F: e2e.RunE2ETests}}
	testing.Main(func(_, _ string) (bool, error) { return true, nil }, specs, nil, nil)
}
