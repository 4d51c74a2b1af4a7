package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version is what this tree becomes; builds name their commit beside it where they know it.
const version = "0.1.0-dev"

// protocol is the release of the reference whose protocol and settings this server has.
const protocol = "1.7.12"

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		Run: func(cmd *cobra.Command, _ []string) {
			fmt.Fprintf(cmd.OutOrStdout(), "leyden %s%s, %s %s/%s, protocol of Electric %s\n", version, commit(), runtime.Version(), runtime.GOOS, runtime.GOARCH, protocol)
		},
	}
}

// commit is the revision that the binary was built from, if the build recorded it.
func commit() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return " (" + s.Value[:12] + ")"
		}
	}
	return ""
}
