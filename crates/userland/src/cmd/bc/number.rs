//! Decimal numbers of any length: sign, digits, and how many of them stand behind the point. Results are cut off, never rounded.
//! Not here: the language. Source: POSIX bc ("scale" of results), GNU bc 1.07.1.

use std::cmp::Ordering;

/// More digits than this are refused: they would only fill memory and time.
pub(super) const MOST: usize = 20_000;

/// A number: `digits`, least first and without zeros at the end, times 10 to the -`scale`.
#[derive(Clone)]
pub(super) struct Number {
    negative: bool,
    digits: Vec<u8>,
    pub(super) scale: usize,
}

fn trim(digits: &mut Vec<u8>) {
    while digits.last() == Some(&0) {
        digits.pop();
    }
}

fn compare(a: &[u8], b: &[u8]) -> Ordering {
    a.len().cmp(&b.len()).then_with(|| a.iter().rev().cmp(b.iter().rev()))
}

fn plus(a: &[u8], b: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(a.len().max(b.len()) + 1);
    let mut carry = 0;
    for i in 0..a.len().max(b.len()) {
        let n = a.get(i).unwrap_or(&0) + b.get(i).unwrap_or(&0) + carry;
        out.push(n % 10);
        carry = n / 10;
    }
    out.push(carry);
    trim(&mut out);
    out
}

/// `a` minus `b`, which is not greater.
fn minus(a: &[u8], b: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(a.len());
    let mut borrow = 0;
    for (i, d) in a.iter().enumerate() {
        let take = b.get(i).unwrap_or(&0) + borrow;
        borrow = u8::from(*d < take);
        out.push(d + 10 * borrow - take);
    }
    trim(&mut out);
    out
}

fn times(a: &[u8], b: &[u8]) -> Vec<u8> {
    let mut sums = vec![0u32; a.len() + b.len()];
    for (i, x) in a.iter().enumerate() {
        for (j, y) in b.iter().enumerate() {
            sums[i + j] += u32::from(*x) * u32::from(*y);
        }
    }
    let mut carry = 0;
    let mut out: Vec<u8> = Vec::with_capacity(sums.len());
    for n in sums {
        let n = n + carry;
        out.push((n % 10) as u8);
        carry = n / 10;
    }
    trim(&mut out);
    out
}

fn divided(a: &[u8], b: &[u8]) -> Vec<u8> {
    let mut out = vec![0; a.len()];
    let mut rest: Vec<u8> = Vec::new();
    for i in (0..a.len()).rev() {
        rest.insert(0, a[i]);
        trim(&mut rest);
        while compare(&rest, b) != Ordering::Less {
            rest = minus(&rest, b);
            out[i] += 1;
        }
    }
    trim(&mut out);
    out
}

impl Number {
    pub(super) fn new(n: i64) -> Number {
        let digits: Vec<u8> = n.unsigned_abs().to_string().bytes().rev().map(|b| b - b'0').collect();
        Number::of(n < 0, digits, 0)
    }
    fn of(negative: bool, mut digits: Vec<u8>, scale: usize) -> Number {
        trim(&mut digits);
        Number { negative: negative && !digits.is_empty(), digits, scale }
    }
    /// A number as typed, in a base from 2 to 16.
    pub(super) fn parse(text: &str, base: u8) -> Number {
        let (whole, part) = text.split_once('.').unwrap_or((text, ""));
        let value = |b: u8| char::from(b).to_digit(16).unwrap_or(0) as u8;
        if base == 10 && !text.bytes().any(|b| b.is_ascii_alphabetic()) {
            return Number::of(false, whole.bytes().chain(part.bytes()).rev().map(value).collect(), part.len());
        }
        // A digit alone counts as what it is; in longer numbers it is at most the greatest digit of the base.
        let most = if text.len() == 1 { 15 } else { base - 1 };
        let ten = Number::new(base.into());
        let mut n = Number::new(0);
        for b in whole.bytes() {
            n = n.mul(&ten, 0).add(&Number::new(value(b).min(most).into()));
        }
        let mut unit = Number::new(1);
        let mut fraction = Number::new(0);
        for b in part.bytes() {
            fraction = fraction.mul(&ten, 0).add(&Number::new(value(b).min(most).into()));
            unit = unit.mul(&ten, 0);
        }
        n.add(&fraction.div(&unit, part.len()).unwrap_or(Number::new(0)))
    }
    pub(super) fn is_zero(&self) -> bool {
        self.digits.is_empty()
    }
    pub(super) fn negative(&self) -> bool {
        self.negative
    }
    pub(super) fn negate(&self) -> Number {
        Number::of(!self.negative, self.digits.clone(), self.scale)
    }
    /// How many digits it has.
    pub(super) fn length(&self) -> usize {
        self.digits.len().max(self.scale).max(1)
    }
    fn scaled(&self, scale: usize) -> Vec<u8> {
        let mut digits = self.digits.clone();
        if scale >= self.scale {
            if !digits.is_empty() {
                digits.splice(0..0, std::iter::repeat_n(0, scale - self.scale));
            }
        } else {
            digits.drain(..(self.scale - scale).min(digits.len()));
        }
        digits
    }
    /// Cut off behind so many digits.
    pub(super) fn cut(&self, scale: usize) -> Number {
        Number::of(self.negative, self.scaled(scale), scale)
    }
    /// As a whole number, if it is small enough.
    pub(super) fn small(&self) -> Option<i64> {
        let n = self.scaled(0).iter().rev().try_fold(0i64, |n, d| n.checked_mul(10)?.checked_add(i64::from(*d)))?;
        Some(if self.negative { -n } else { n })
    }
    pub(super) fn add(&self, other: &Number) -> Number {
        let scale = self.scale.max(other.scale);
        let (a, b) = (self.scaled(scale), other.scaled(scale));
        if self.negative == other.negative {
            return Number::of(self.negative, plus(&a, &b), scale);
        }
        match compare(&a, &b) {
            Ordering::Less => Number::of(other.negative, minus(&b, &a), scale),
            _ => Number::of(self.negative, minus(&a, &b), scale),
        }
    }
    pub(super) fn sub(&self, other: &Number) -> Number {
        self.add(&other.negate())
    }
    pub(super) fn mul(&self, other: &Number, scale: usize) -> Number {
        let full = self.scale + other.scale;
        let all = Number::of(self.negative != other.negative, times(&self.digits, &other.digits), full);
        all.cut(full.min(scale.max(self.scale).max(other.scale)))
    }
    /// `None`: by zero.
    pub(super) fn div(&self, other: &Number, scale: usize) -> Option<Number> {
        if other.is_zero() {
            return None;
        }
        let a = self.scaled(scale + other.scale);
        Some(Number::of(self.negative != other.negative, divided(&a, &other.digits), scale))
    }
    pub(super) fn rem(&self, other: &Number, scale: usize) -> Option<Number> {
        let quotient = self.div(other, scale)?;
        let result = self.sub(&quotient.mul(other, quotient.scale + other.scale));
        Some(result.cut(self.scale.max(scale + other.scale)))
    }
    /// To a whole power; `None`: zero to a negative one, or far too long.
    pub(super) fn pow(&self, exponent: i64, scale: usize) -> Option<Number> {
        let mut left = exponent.unsigned_abs();
        if (self.digits.len() as u64).saturating_mul(left) > MOST as u64 {
            return None;
        }
        let full = self.scale * left as usize;
        let (mut result, mut square) = (Number::new(1), self.clone());
        while left > 0 {
            if left & 1 == 1 {
                result = result.mul(&square, full);
            }
            left >>= 1;
            if left > 0 {
                square = square.mul(&square, full);
            }
        }
        if exponent < 0 {
            return Number::new(1).div(&result, scale);
        }
        Some(result.cut(full.min(scale.max(self.scale))))
    }
    /// `None`: of a negative number.
    pub(super) fn sqrt(&self, scale: usize) -> Option<Number> {
        let scale = scale.max(self.scale);
        if self.negative {
            return None;
        }
        let target = self.scaled(2 * scale);
        let mut root: Vec<u8> = vec![0; target.len().div_ceil(2)];
        for i in (0..root.len()).rev() {
            for d in (0..10).rev() {
                root[i] = d;
                let mut tried = root.clone();
                trim(&mut tried);
                if compare(&times(&tried, &tried), &target) != Ordering::Greater {
                    break;
                }
            }
        }
        Some(Number::of(false, root, scale))
    }
    pub(super) fn order(&self, other: &Number) -> Ordering {
        let difference = self.sub(other);
        match (difference.is_zero(), difference.negative) {
            (true, _) => Ordering::Equal,
            (_, true) => Ordering::Less,
            _ => Ordering::Greater,
        }
    }
    /// As it is printed in a base.
    pub(super) fn text(&self, base: u32) -> String {
        if self.is_zero() {
            return "0".into();
        }
        let mut out = String::from(if self.negative { "-" } else { "" });
        if base == 10 {
            let mut digits = self.digits.clone();
            digits.resize(digits.len().max(self.scale), 0);
            out.extend(digits[self.scale..].iter().rev().map(|d| char::from(b'0' + d)));
            if self.scale > 0 {
                out.push('.');
                out.extend(digits[..self.scale].iter().rev().map(|d| char::from(b'0' + d)));
            }
            return out;
        }
        let by = Number::new(base.into());
        let mut whole = self.cut(0);
        whole.negative = false;
        let mut list: Vec<i64> = Vec::new();
        while !whole.is_zero() {
            list.push(whole.rem(&by, 0).and_then(|d| d.small()).unwrap_or(0));
            whole = whole.div(&by, 0).unwrap_or(Number::new(0));
        }
        let width = (base - 1).to_string().len();
        let digit = |d: i64| match base {
            ..=16 => char::from_digit(d as u32, 16).unwrap_or('0').to_ascii_uppercase().to_string(),
            _ => format!(" {d:0width$}"),
        };
        list.iter().rev().for_each(|d| out.push_str(&digit(*d)));
        if self.scale > 0 {
            out.push('.');
            let mut rest = self.sub(&self.cut(0));
            rest.negative = false;
            let (mut unit, target) = (Number::new(1), Number::new(10).pow(self.scale as i64, 0).unwrap_or(Number::new(1)));
            while unit.order(&target) == Ordering::Less {
                rest = rest.mul(&by, self.scale);
                out.push_str(&digit(rest.small().unwrap_or(0)));
                rest = rest.sub(&rest.cut(0));
                unit = unit.mul(&by, 0);
            }
        }
        out
    }
}
