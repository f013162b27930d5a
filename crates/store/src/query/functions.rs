// SPDX-License-Identifier: Apache-2.0
//! SQL functions for addresses: `ip('192.0.2.1')`, `ip_text(src_ip)`, `in_net(src_ip, '10.0.0.0/8')`,
//! `net(src_ip, 24)`.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanBuilder, FixedSizeBinaryBuilder, StringViewBuilder};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type};
use datafusion::common::plan_datafusion_err;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::scalar::ScalarValue;
use minamo_base::{Ip, Mac, Prefix};

/// The type of address columns.
pub(crate) const IP: DataType = DataType::FixedSizeBinary(16);
/// The type of MAC address columns.
pub(crate) const MAC: DataType = DataType::FixedSizeBinary(6);

type Run = fn(&[ArrayRef], strict: bool) -> Result<ArrayRef>;

/// All functions.
pub(crate) fn all() -> [Arc<ScalarUDF>; 4] {
    [
        function("ip", 1, IP, ip),
        function("ip_text", 1, DataType::Utf8View, ip_text),
        function("in_net", 2, DataType::Boolean, in_net),
        function("net", 2, DataType::Utf8View, net),
    ]
}

/// The text of an address expression.
pub(crate) fn text_of(address: Expr) -> Expr {
    function("ip_text", 1, DataType::Utf8View, ip_text).call(vec![address])
}

/// The network of a length that an address lies in, as text.
pub(super) fn net_of(address: Expr, length: u8) -> Expr {
    function("net", 2, DataType::Utf8View, net).call(vec![address, datafusion::logical_expr::lit(i64::from(length))])
}

fn function(name: &'static str, arguments: usize, returns: DataType, run: Run) -> Arc<ScalarUDF> {
    let signature = Signature::any(arguments, Volatility::Immutable);
    Arc::new(ScalarUDF::from(Function { name, signature, returns, run }))
}

#[derive(Debug)]
struct Function {
    name: &'static str,
    signature: Signature,
    returns: DataType,
    run: Run,
}

impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Function {}

impl Hash for Function {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl ScalarUDFImpl for Function {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        let first = arguments.first().unwrap_or(&DataType::Null);
        let fits = match self.name {
            "ip" => first.is_string() || first.is_null(),
            "ip_text" => *first == IP || *first == MAC || first.is_null(),
            _ => *first == IP || first.is_null(),
        };
        let want = if self.name == "ip" { "text" } else { "an address column or ip('…')" };
        if fits {
            Ok(self.returns.clone())
        } else {
            Err(plan_datafusion_err!("{}: got {first}, want {want}", self.name))
        }
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let constant = args.args.iter().all(|arg| matches!(arg, ColumnarValue::Scalar(_)));
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let out = (self.run)(&arrays, constant)?;
        if constant { Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&out, 0)?)) } else { Ok(out.into()) }
    }

    /// A network that is a constant becomes a range, which prunes.
    fn simplify(&self, args: Vec<Expr>, _: &SimplifyContext) -> Result<ExprSimplifyResult> {
        let network = match args.get(1) {
            Some(Expr::Literal(value, _)) if self.name == "in_net" => value.try_as_str().flatten().map(str::to_owned),
            _ => None,
        };
        let (Some(network), Some(address)) = (network, args.first().cloned()) else {
            return Ok(ExprSimplifyResult::Original(args));
        };
        Ok(ExprSimplifyResult::Simplified(in_prefix(address, network.parse().map_err(failed)?)))
    }
}

/// True where the address lies in the prefix, as a comparison that prunes by minimum and maximum.
pub(crate) fn in_prefix(address: Expr, prefix: Prefix) -> Expr {
    let low = address.clone().gt_eq(ip_literal(prefix.first()));
    low.and(address.lt_eq(ip_literal(prefix.last())))
}

/// An address as a literal.
pub(crate) fn ip_literal(ip: Ip) -> Expr {
    Expr::Literal(ScalarValue::FixedSizeBinary(16, Some(ip.0.to_vec())), None)
}

/// A MAC address as a literal.
pub(crate) fn mac_literal(mac: Mac) -> Expr {
    Expr::Literal(ScalarValue::FixedSizeBinary(6, Some(mac.0.to_vec())), None)
}

fn failed(error: impl std::fmt::Display) -> DataFusionError {
    DataFusionError::Plan(error.to_string())
}

fn argument(arguments: &[ArrayRef], at: usize, to: &DataType) -> Result<ArrayRef> {
    let array = arguments.get(at).ok_or_else(|| failed("an argument is missing"))?;
    Ok(cast(array, to)?)
}

/// Address of a text. A constant that is no address is an error, in a column it is null.
fn ip(arguments: &[ArrayRef], strict: bool) -> Result<ArrayRef> {
    let texts = argument(arguments, 0, &DataType::Utf8View)?;
    let mut out = FixedSizeBinaryBuilder::with_capacity(texts.len(), 16);
    for text in texts.as_string_view() {
        match text.map(str::parse::<Ip>) {
            Some(Ok(ip)) => out.append_value(ip.0)?,
            Some(Err(error)) if strict => return Err(failed(error)),
            _ => out.append_null(),
        }
    }
    Ok(Arc::new(out.finish()))
}

fn ip_text(arguments: &[ArrayRef], _: bool) -> Result<ArrayRef> {
    let Some(addresses) = arguments.first().and_then(|a| a.as_fixed_size_binary_opt()) else {
        return argument(arguments, 0, &DataType::Utf8View);
    };
    let mut out = StringViewBuilder::with_capacity(addresses.len());
    for octets in addresses {
        out.append_option(octets.and_then(address_text));
    }
    Ok(Arc::new(out.finish()))
}

fn address_text(octets: &[u8]) -> Option<String> {
    match octets.try_into() {
        Ok(ip) => Some(Ip(ip).to_string()),
        Err(_) => octets.try_into().ok().map(|mac| Mac(mac).to_string()),
    }
}

fn addresses(arguments: &[ArrayRef]) -> Result<Vec<Option<Ip>>> {
    let array = argument(arguments, 0, &IP)?;
    Ok(array.as_fixed_size_binary().iter().map(|o| o.and_then(|o| o.try_into().ok()).map(Ip)).collect())
}

fn in_net(arguments: &[ArrayRef], _: bool) -> Result<ArrayRef> {
    let networks = argument(arguments, 1, &DataType::Utf8View)?;
    let mut out = BooleanBuilder::with_capacity(networks.len());
    for (ip, network) in addresses(arguments)?.into_iter().zip(networks.as_string_view()) {
        out.append_option(match (ip, network) {
            (Some(ip), Some(network)) => Some(network.parse::<Prefix>().map_err(failed)?.contains(ip)),
            _ => None,
        });
    }
    Ok(Arc::new(out.finish()))
}

/// The prefix of a length that holds an address; where the length does not fit its family, the address's own.
fn net(arguments: &[ArrayRef], _: bool) -> Result<ArrayRef> {
    let lengths = argument(arguments, 1, &DataType::Int64)?;
    let mut out = StringViewBuilder::with_capacity(lengths.len());
    for (ip, length) in addresses(arguments)?.into_iter().zip(lengths.as_primitive::<Int64Type>()) {
        let (Some(ip), Some(length)) = (ip, length) else {
            out.append_null();
            continue;
        };
        let most: u8 = if ip.is_v4() { 32 } else { 128 };
        let length = u8::try_from(length).map_err(|_| failed(format!("net: got length {length}, want 0 to 128")))?;
        let prefix = Prefix::new(ip, length.min(most)).map_err(failed)?;
        out.append_value(prefix.to_string());
    }
    Ok(Arc::new(out.finish()))
}
