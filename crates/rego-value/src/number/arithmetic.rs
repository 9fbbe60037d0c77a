//! The operators and roundings of Rego.
//!
//! Source: OPA `v1/topdown/arithmetic.go` (1.17 and before).

use std::fmt;

use num_bigint::BigInt;

use super::Number;
use super::float::Float;

/// Why an operation has no result. The text is OPA's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberError {
    /// The divisor is zero.
    DivideByZero,
    /// The divisor of a remainder is zero.
    ModuloByZero,
    /// A remainder is asked of a number that is not an integer.
    ModuloOnFloat,
    /// An operand or the result is beyond 2^262144 or, other than zero, below 2^-262144.
    TooBig,
}

impl fmt::Display for NumberError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DivideByZero => "divide by zero",
            Self::ModuloByZero => "modulo by zero",
            Self::ModuloOnFloat => "modulo on floating-point number",
            Self::TooBig => "number too big",
        })
    }
}

impl std::error::Error for NumberError {}

type Result<T> = std::result::Result<T, NumberError>;

impl Number {
    /// Returns the sum.
    ///
    /// Errors: [`NumberError::TooBig`].
    #[inline]
    pub fn add(&self, other: &Self) -> Result<Self> {
        if let (Self::Int(a), Self::Int(b)) = (self, other)
            && let Some(sum) = a.checked_add(*b)
        {
            return Ok(Self::Int(sum));
        }
        self.in_floats(other, Float::add)
    }

    /// Returns the difference.
    ///
    /// Errors: [`NumberError::TooBig`].
    #[inline]
    pub fn sub(&self, other: &Self) -> Result<Self> {
        if let (Self::Int(a), Self::Int(b)) = (self, other)
            && let Some(difference) = a.checked_sub(*b)
        {
            return Ok(Self::Int(difference));
        }
        self.in_floats(other, |a, b| a.add(b.negated()))
    }

    /// Returns the product.
    ///
    /// Errors: [`NumberError::TooBig`].
    #[inline]
    pub fn mul(&self, other: &Self) -> Result<Self> {
        if let (Self::Int(a), Self::Int(b)) = (self, other)
            && let Some(product) = a.checked_mul(*b)
        {
            return Ok(Self::Int(product));
        }
        self.in_floats(other, Float::mul)
    }

    /// Returns the quotient, with a fraction where it does not come out even.
    ///
    /// Errors: [`NumberError::DivideByZero`], [`NumberError::TooBig`].
    pub fn div(&self, other: &Self) -> Result<Self> {
        if let (Self::Int(a), Self::Int(b)) = (self, other)
            && a.checked_rem(*b) == Some(0)
            && let Some(quotient) = a.checked_div(*b)
        {
            return Ok(Self::Int(quotient));
        }
        if other.float().is_some_and(|divisor| divisor.is_zero()) {
            return Err(NumberError::DivideByZero);
        }
        self.in_floats(other, Float::div)
    }

    /// Returns the remainder of two integers; it has the sign of the dividend.
    ///
    /// Errors: [`NumberError::ModuloOnFloat`], [`NumberError::ModuloByZero`],
    /// [`NumberError::TooBig`].
    pub fn rem(&self, other: &Self) -> Result<Self> {
        if let (Self::Int(a), Self::Int(b)) = (self, other)
            && *b != 0
        {
            return Ok(Self::Int(a.checked_rem(*b).unwrap_or(0)));
        }
        let (a, b) = (self.rem_operand()?, other.rem_operand()?);
        if b == BigInt::ZERO {
            return Err(NumberError::ModuloByZero);
        }
        Ok(Self::from_bigint(&(a % b)))
    }

    fn rem_operand(&self) -> Result<BigInt> {
        let float = self.float().ok_or(NumberError::TooBig)?;
        if float.is_integer() { Ok(float.to_bigint()) } else { Err(NumberError::ModuloOnFloat) }
    }

    /// Returns 0 minus the number.
    ///
    /// Errors: [`NumberError::TooBig`].
    pub fn neg(&self) -> Result<Self> {
        Self::Int(0).sub(self)
    }

    /// Returns the number without its sign.
    ///
    /// Errors: [`NumberError::TooBig`].
    pub fn abs(&self) -> Result<Self> {
        match self {
            Self::Int(i) if *i >= 0 => Ok(self.clone()),
            Self::Int(i) if *i != i64::MIN => Ok(Self::Int(-i)),
            _ => self.in_float(|float| Self::from_float(float.abs())),
        }
    }

    /// Returns the integer nearest to the number; of two equally near the one away from zero.
    ///
    /// Errors: [`NumberError::TooBig`].
    pub fn round(&self) -> Result<Self> {
        self.to_whole(|float| {
            const HALF: Float = Float { negative: false, mantissa: 1 << 63, exponent: -64 };
            let half = if float.negative { HALF.negated() } else { HALF };
            float.add(half).unwrap_or(float).to_bigint()
        })
    }

    /// Returns the smallest integer that is not below the number; but 1 for what lies between -1
    /// and 0, as OPA has it.
    ///
    /// Errors: [`NumberError::TooBig`].
    pub fn ceil(&self) -> Result<Self> {
        self.to_whole(|float| {
            let whole = float.to_bigint();
            if whole < BigInt::ZERO { whole } else { whole + 1 }
        })
    }

    /// Returns the largest integer that is not above the number; but 0 for what lies between -1 and
    /// 0, as OPA has it.
    ///
    /// Errors: [`NumberError::TooBig`].
    pub fn floor(&self) -> Result<Self> {
        self.to_whole(|float| {
            let whole = float.to_bigint();
            if whole < BigInt::ZERO { whole - 1 } else { whole }
        })
    }

    /// Rounds by `fraction`, which is asked only where there is one.
    fn to_whole(&self, fraction: impl FnOnce(Float) -> BigInt) -> Result<Self> {
        if let Self::Int(_) = self {
            return Ok(self.clone());
        }
        self.in_float(|float| {
            let whole = if float.is_integer() { float.to_bigint() } else { fraction(float) };
            Self::from_bigint(&whole)
        })
    }

    fn in_float(&self, operation: impl FnOnce(Float) -> Self) -> Result<Self> {
        self.float().map(operation).ok_or(NumberError::TooBig)
    }

    fn in_floats(
        &self,
        other: &Self,
        operation: impl FnOnce(Float, Float) -> Option<Float>,
    ) -> Result<Self> {
        let result = self.float().zip(other.float()).and_then(|(a, b)| operation(a, b));
        result.map(Self::from_float).ok_or(NumberError::TooBig)
    }
}
