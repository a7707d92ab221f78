//! The functions of `bc -l`: s, c, a, l, e. Series on more digits than asked for, cut off at the end. Not here: j.

use super::number::Number;
use std::cmp::Ordering;

/// Digits beyond those asked for.
const SPARE: usize = 12;

/// A function of the library; `None`: it has no such.
pub(super) fn call(name: &str, x: &Number, scale: usize) -> Option<Number> {
    let deep = scale + SPARE;
    let value = match name {
        "e" => exponential(x, deep + whole_digits(x)),
        "l" if x.is_zero() || x.negative() => {
            // As the library has it: one minus ten to the scale, over one.
            return Some(Number::new(1).sub(&Number::new(10).pow(scale as i64, 0)?).cut(scale));
        }
        "l" => logarithm(x, deep)?,
        "s" => sine(x, deep)?,
        "c" => {
            let half = arctangent(&Number::new(1), deep + whole_digits(x))?.mul(&Number::new(2), deep + whole_digits(x));
            sine(&x.add(&half), deep)?
        }
        "a" => arctangent(x, deep)?,
        _ => return None,
    };
    Some(value.cut(if x.is_zero() && (name == "a" || name == "s") { 0 } else { scale }))
}

fn whole_digits(x: &Number) -> usize {
    x.length().saturating_sub(x.scale) * 2
}

/// `sum` of terms, each the one before times `x` times `factor(n)`, until they vanish.
fn series(first: &Number, x: &Number, scale: usize, factor: impl Fn(i64) -> (i64, i64)) -> Number {
    let (mut term, mut sum) = (first.clone(), first.clone());
    for n in 1..10_000 {
        let (up, down) = factor(n);
        term = term.mul(x, scale).cut(scale).mul(&Number::new(up), scale).div(&Number::new(down), scale).unwrap_or(Number::new(0));
        if term.is_zero() {
            break;
        }
        sum = sum.add(&term);
    }
    sum.cut(scale)
}

fn exponential(x: &Number, scale: usize) -> Number {
    // Halved until it is small, squared as often.
    let (mut small, mut halvings) = (x.cut(scale + 8), 0);
    let one = Number::new(1);
    while halvings < 60 && (small.order(&one) == Ordering::Greater || small.order(&one.negate()) == Ordering::Less) {
        small = small.div(&Number::new(2), scale + 8).unwrap_or(Number::new(0));
        halvings += 1;
    }
    let mut result = series(&one, &small, scale + 8, |n| (1, n));
    for _ in 0..halvings {
        result = result.mul(&result, scale + 8).cut(scale + 8);
    }
    result
}

fn logarithm(x: &Number, scale: usize) -> Option<Number> {
    // Roots until it is near one; then 2 artanh((x-1)/(x+1)).
    let (mut near, mut factor) = (x.clone(), Number::new(2));
    let (low, high) = (Number::parse("0.5", 10), Number::new(2));
    for _ in 0..60 {
        if near.order(&low) == Ordering::Greater && near.order(&high) == Ordering::Less {
            break;
        }
        near = near.sqrt(scale + 8)?;
        factor = factor.mul(&Number::new(2), 0);
    }
    let one = Number::new(1);
    let ratio = near.sub(&one).div(&near.add(&one), scale + 8)?;
    let square = ratio.mul(&ratio, scale + 8).cut(scale + 8);
    Some(series_odd(&ratio, &square, scale + 8, false).mul(&factor, scale + 8))
}

/// x ± x³/3 + x⁵/5 …
fn series_odd(x: &Number, square: &Number, scale: usize, alternating: bool) -> Number {
    let step = if alternating { square.negate() } else { square.clone() };
    series(x, &step, scale, |n| (2 * n - 1, 2 * n + 1))
}

fn sine(x: &Number, scale: usize) -> Option<Number> {
    let deep = scale + whole_digits(x);
    let pi = arctangent(&Number::new(1), deep)?.mul(&Number::new(4), deep);
    // The nearest multiple of pi is taken off.
    let half = pi.div(&Number::new(2), deep)?;
    let shifted = if x.negative() { x.sub(&half) } else { x.add(&half) };
    let n = shifted.div(&pi, 0)?;
    let small = x.sub(&n.mul(&pi, deep)).cut(deep);
    let step = small.mul(&small, deep).cut(deep).negate();
    let result = series(&small, &step, deep, |n| (1, 2 * n * (2 * n + 1)));
    Some(if n.small().is_some_and(|n| n % 2 != 0) { result.negate() } else { result })
}

fn arctangent(x: &Number, scale: usize) -> Option<Number> {
    // atan(x) = 2 atan(x / (1 + sqrt(1 + x²))), until it is small.
    let deep = scale + 8;
    let one = Number::new(1);
    let (mut small, mut factor) = (x.cut(deep), Number::new(1));
    let limit = Number::parse("0.1", 10);
    for _ in 0..40 {
        if small.order(&limit) == Ordering::Less && small.order(&limit.negate()) == Ordering::Greater {
            break;
        }
        let root = one.add(&small.mul(&small, deep).cut(deep)).sqrt(deep)?;
        small = small.div(&one.add(&root), deep)?;
        factor = factor.mul(&Number::new(2), 0);
    }
    let square = small.mul(&small, deep).cut(deep);
    Some(series_odd(&small, &square, deep, true).mul(&factor, deep).cut(deep))
}
