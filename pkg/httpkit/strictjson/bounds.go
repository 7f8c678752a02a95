package strictjson

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// sizes bounds a count, both ends allowed.
type sizes struct {
	min, max         int
	tooSmall, tooBig string
}

func sizesOf(least, most *int, verb, unit string) sizes {
	size := sizes{max: math.MaxInt}
	if least != nil {
		size.min, size.tooSmall = *least, fmt.Sprintf("must %s at least %s", verb, plural(*least, unit))
	}
	if most != nil {
		size.max, size.tooBig = *most, fmt.Sprintf("must %s at most %s", verb, plural(*most, unit))
	}
	return size
}

func plural(n int, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return strconv.Itoa(n) + " " + unit + "s"
}

// bounds keeps a number between two ends, both allowed; an end the schema excludes is moved to its neighbour.
type bounds[T int64 | float64] struct {
	min, max         T
	tooSmall, tooBig string
}

func between[T int64 | float64](least, most T) bounds[T] {
	return bounds[T]{min: least, max: most, tooSmall: fmt.Sprint("must be at least ", least), tooBig: fmt.Sprint("must be at most ", most)}
}

func (b *bounds[T]) raise(to T, words string, shown float64) {
	if to > b.min {
		b.min, b.tooSmall = to, words+show(shown)
	}
}

func (b *bounds[T]) lower(to T, words string, shown float64) {
	if to < b.max {
		b.max, b.tooBig = to, words+show(shown)
	}
}

func show(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }

type integerRule struct {
	bounds[int64]
	step int64 // 0: any
	enum []float64

	wrongStep, wrongValue string
}

func integer(s *huma.Schema) (*integerRule, error) {
	rule := new(integerRule)
	switch s.Format {
	case "", "int64":
		rule.bounds = between[int64](math.MinInt64, math.MaxInt64)
	case "int32":
		rule.bounds = between[int64](math.MinInt32, math.MaxInt32)
	default:
		return nil, fmt.Errorf("format %q of an integer is not implemented", s.Format)
	}
	if s.Minimum != nil {
		rule.raise(whole(math.Ceil(*s.Minimum)), "must be at least ", *s.Minimum)
	}
	if s.ExclusiveMinimum != nil {
		rule.raise(whole(math.Floor(*s.ExclusiveMinimum)+1), "must be greater than ", *s.ExclusiveMinimum)
	}
	if s.Maximum != nil {
		rule.lower(whole(math.Floor(*s.Maximum)), "must be at most ", *s.Maximum)
	}
	if s.ExclusiveMaximum != nil {
		rule.lower(whole(math.Ceil(*s.ExclusiveMaximum)-1), "must be less than ", *s.ExclusiveMaximum)
	}
	if s.MultipleOf != nil {
		if rule.step = whole(*s.MultipleOf); rule.step < 1 || float64(rule.step) != *s.MultipleOf {
			return nil, errors.New("multipleOf of an integer must be a whole number from 1")
		}
		rule.wrongStep = "must be a multiple of " + show(*s.MultipleOf)
	}
	var err error
	rule.enum, rule.wrongValue, err = numbers(s.Enum)
	return rule, err
}

// whole converts a whole float64, the nearest int64 where it does not fit.
func whole(x float64) int64 {
	switch {
	case x >= math.MaxInt64:
		return math.MaxInt64
	case x <= math.MinInt64:
		return math.MinInt64
	}
	return int64(x)
}

type numberRule struct {
	bounds[float64]
	step float64 // 0: any
	enum []float64

	wrongStep, wrongValue string
}

func number(s *huma.Schema) (*numberRule, error) {
	rule := new(numberRule)
	switch s.Format {
	case "", "double":
		rule.bounds = between(-math.MaxFloat64, math.MaxFloat64)
	case "float":
		rule.bounds = between(-math.MaxFloat32, math.MaxFloat32)
	default:
		return nil, fmt.Errorf("format %q of a number is not implemented", s.Format)
	}
	if s.Minimum != nil {
		rule.raise(*s.Minimum, "must be at least ", *s.Minimum)
	}
	if s.ExclusiveMinimum != nil {
		rule.raise(math.Nextafter(*s.ExclusiveMinimum, math.Inf(1)), "must be greater than ", *s.ExclusiveMinimum)
	}
	if s.Maximum != nil {
		rule.lower(*s.Maximum, "must be at most ", *s.Maximum)
	}
	if s.ExclusiveMaximum != nil {
		rule.lower(math.Nextafter(*s.ExclusiveMaximum, math.Inf(-1)), "must be less than ", *s.ExclusiveMaximum)
	}
	if s.MultipleOf != nil {
		if rule.step = *s.MultipleOf; rule.step <= 0 {
			return nil, errors.New("multipleOf must be above 0")
		}
		rule.wrongStep = "must be a multiple of " + show(rule.step)
	}
	var err error
	rule.enum, rule.wrongValue, err = numbers(s.Enum)
	return rule, err
}

// isMultiple allows for decimal steps such as 0.01, which no float64 holds exactly.
func isMultiple(x, step float64) bool {
	q := x / step
	return math.Abs(q-math.Round(q)) <= 1e-9*math.Max(1, math.Abs(q))
}

func numbers(enum []any) (values []float64, message string, err error) {
	var shown []string
	for _, value := range enum {
		switch value := value.(type) {
		case float64:
			values = append(values, value)
			shown = append(shown, show(value))
		case nil: // stands beside a nullable type, which tells it already
		default:
			return nil, "", fmt.Errorf("enum of %T in a number is not implemented", value)
		}
	}
	return values, "must be one of " + strings.Join(shown, ", "), nil
}
