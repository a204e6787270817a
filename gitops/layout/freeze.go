package layout

import (
	"errors"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// maxStarts is how many starts of a freeze are followed, so that one that never
// ends has an end to tell.
const maxStarts = 1000

// parseCron reads an expression of five fields. It refuses one that never comes,
// such as the 30th of February.
func parseCron(s string) (cron.Schedule, error) {
	if len(strings.Fields(s)) != 5 || strings.Contains(s, "=") {
		return nil, errors.New("it must have five fields: minute, hour, day of the month, month, day of the week")
	}
	schedule, err := cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow).Parse(s)
	if err != nil {
		return nil, err
	}
	if schedule.Next(time.Unix(0, 0).UTC()).IsZero() {
		return nil, errors.New("it never comes")
	}
	return schedule, nil
}

// Until reports whether t is in the freeze, and when the freeze ends. Freezes that
// follow each other without a gap are one.
//
// Cron is read on the wall clock of Zone. A start in an hour that a change of the clock
// leaves out or repeats happens once, at one of the two times that it may stand for.
func (f Freeze) Until(t time.Time) (time.Time, bool) {
	if f.starts == nil {
		return time.Time{}, false
	}
	// The clock of the wall is handled as if it was UTC, which has no changes; a
	// day earlier is certainly before the first start that counts.
	wall := onWall(t.Add(-f.For).Add(-24*time.Hour), f.zone())
	until, ahead := t, 0
	for ahead < maxStarts {
		wall = f.starts.Next(wall)
		start := time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), 0, 0, f.zone())
		if wall.IsZero() || start.After(until) {
			break
		}
		if start.After(t) {
			ahead++
		}
		if end := start.Add(f.For); end.After(until) {
			until = end
		}
	}
	return until, until.After(t)
}

// zone is UTC where none is given.
func (f Freeze) zone() *time.Location {
	if f.Zone == nil {
		return time.UTC
	}
	return f.Zone
}

// onWall returns what the clock shows in a zone, as a time in UTC.
func onWall(t time.Time, zone *time.Location) time.Time {
	t = t.In(zone)
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
}
