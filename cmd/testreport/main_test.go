package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheReportNamesTestsAndCountsThem(t *testing.T) {
	var out strings.Builder
	r := newReport(&out)
	require.NoError(t, r.read(strings.NewReader(`{"Action":"output","Package":"p","Test":"TestA","Output":"quiet\n"}
{"Action":"pass","Package":"p","Test":"TestA/sub","Elapsed":0.1}
{"Action":"pass","Package":"p","Test":"TestA","Elapsed":0.25}
{"Action":"skip","Package":"p","Test":"TestB"}
{"Action":"output","Package":"p","Test":"TestC","Output":"why\n"}
{"Action":"fail","Package":"p","Test":"TestC","Elapsed":1}
{"Action":"fail","Package":"p","Elapsed":2}
{"Action":"pass","Package":"x/clientsuite","Test":"TestClient/live","Elapsed":3}
not json
`)))
	r.summary()
	require.Equal(t, `pass    0.25s  p TestA
skip           p TestB
FAIL    1.00s  p TestC
    why
FAIL    2.00s  p
pass    3.00s  x/clientsuite TestClient/live
not json
FAILED: p TestC
FAILED: p
3 passed, 1 failed, 1 skipped
`, out.String())
}

func TestAPackageThatDoesNotBuildCountsAsAFailure(t *testing.T) {
	var out strings.Builder
	r := newReport(&out)
	require.NoError(t, r.read(strings.NewReader(`{"ImportPath":"p","Action":"build-output","Output":"p.go:1: syntax error\n"}
{"Action":"fail","Package":"p","Elapsed":0}
`)))
	r.summary()
	require.Contains(t, out.String(), "p.go:1: syntax error\n")
	require.Contains(t, out.String(), "0 passed, 1 failed, 0 skipped\n")
}
