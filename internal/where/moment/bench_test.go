package moment_test

import (
	"testing"

	"leyden/internal/where/moment"
)

func BenchmarkParseTimestampAsPrinted(b *testing.B) {
	text := []byte("2024-02-29 12:34:56.789012+00")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := moment.ParseTimestampTZ(text, nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseTimestampByWords(b *testing.B) {
	text := []byte("Thu Feb 29 2024 12:34:56 PM +05:30")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := moment.ParseTimestampTZ(text, nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseIntervalAsPrinted(b *testing.B) {
	text := []byte("P1Y2M3DT4H5M6.789S")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := moment.ParseInterval(text); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseIntervalByWords(b *testing.B) {
	text := []byte("1 year 2 months 3.5 days 04:05:06.789")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := moment.ParseInterval(text); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkTruncToMonth(b *testing.B) {
	u, err := moment.FindUnit([]byte("month"))
	if err != nil {
		b.Fatal(err)
	}
	t := moment.Timestamp(762_525_296_789_012)
	b.ReportAllocs()
	for b.Loop() {
		if t, err = t.Trunc(u); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkTruncToDayInParis(b *testing.B) {
	u, _ := moment.FindUnit([]byte("day"))
	zone, err := new(moment.Zones).Find([]byte("Europe/Paris"))
	if err != nil {
		b.Fatal(err)
	}
	t := moment.Timestamp(762_525_296_789_012)
	b.ReportAllocs()
	for b.Loop() {
		if t, err = t.TruncIn(u, zone); err != nil {
			b.Fatal(err)
		}
	}
}
