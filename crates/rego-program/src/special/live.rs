//! Which moves are for nothing: what they write is never read.

use crate::op::{Op, Reg};
use crate::program::Function;

/// Registers, a bit each.
#[derive(Clone, PartialEq, Eq)]
struct Registers(Vec<u64>);

impl Registers {
    fn add(&mut self, reg: Reg) {
        if let Some(word) = self.0.get_mut(reg.0 as usize / 64) {
            *word |= 1 << (reg.0 % 64);
        }
    }

    fn remove(&mut self, reg: Reg) {
        if let Some(word) = self.0.get_mut(reg.0 as usize / 64) {
            *word &= !(1 << (reg.0 % 64));
        }
    }

    fn has(&self, reg: Reg) -> bool {
        self.0.get(reg.0 as usize / 64).is_some_and(|word| word & (1 << (reg.0 % 64)) != 0)
    }

    fn join(&mut self, other: &Registers) {
        self.0.iter_mut().zip(&other.0).for_each(|(word, other)| *word |= other);
    }
}

/// Returns for each instruction whether it does nothing but write a register that nobody reads.
pub(super) fn idle(function: &Function) -> Vec<bool> {
    let none = Registers(vec![0; (function.registers as usize).div_ceil(64)]);
    let mut needed = vec![none.clone(); function.code.len() + 1];
    // Against the order of the code most of what is needed is found in one turn; loops take more.
    loop {
        let mut changed = false;
        for (at, op) in function.code.iter().enumerate().rev() {
            let before = before(function, *op, at, &needed, &none);
            if let Some(place) = needed.get_mut(at)
                && *place != before
            {
                *place = before;
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    let is_idle = |(at, op): (usize, &Op)| match op {
        Op::Move { dst, .. } | Op::Clear { dst } => {
            needed.get(at + 1).is_some_and(|needed| !needed.has(*dst))
        }
        _ => false,
    };
    function.code.iter().enumerate().map(is_idle).collect()
}

/// Returns the registers that are read before they are written, from an instruction on.
fn before(
    function: &Function,
    op: Op,
    at: usize,
    needed: &[Registers],
    none: &Registers,
) -> Registers {
    let next = needed.get(at + 1).filter(|_| op.goes_on());
    let mut registers = next.cloned().unwrap_or_else(|| none.clone());
    op.written().for_each(|reg| registers.remove(reg));
    let mut join = |to: u32| {
        if let Some(other) = needed.get(to as usize) {
            registers.join(other);
        }
    };
    if let Some(label) = op.label() {
        join(label.0);
    }
    if let Op::IndexNext { index, .. } = op
        && let Some((_, labels)) = function.indexes.get(index as usize)
    {
        labels.iter().for_each(|label| join(label.0));
    }
    op.read(function).for_each(|reg| registers.add(reg));
    registers
}
