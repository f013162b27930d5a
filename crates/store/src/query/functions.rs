// SPDX-License-Identifier: Apache-2.0
//! SQL functions for addresses: `ip('192.0.2.1')`, `mac('00:1b:21:0a:0b:0c')`, `ip_text(src_ip)`, `ip_version(src_ip)`,
//! `in_net(src_ip, '10.0.0.0/8')`, `net(src_ip, 24, 64)`, `is_private(src_ip)`; and for names: `domain(dns_query)`, `protocol(app)`; and `hash(a, b)`, which
//! makes one number of several columns. `docs/guide/sql.md` is for people.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, BooleanBuilder, FixedSizeBinaryBuilder, StringViewBuilder, UInt8Array,
    UInt64Array,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type};
use datafusion::common::hash_utils::{RandomState, create_hashes};
use datafusion::common::plan_datafusion_err;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature, Volatility,
};
use datafusion::scalar::ScalarValue;
use minamo_base::{Ip, Mac, Prefix, registered_domain};

use super::pieces::{each, protocol};
use super::ranges::in_prefixes;

/// The type of address columns.
pub(crate) const IP: DataType = DataType::FixedSizeBinary(16);
/// The type of MAC address columns.
pub(crate) const MAC: DataType = DataType::FixedSizeBinary(6);

type Run = fn(&[ArrayRef], strict: bool) -> Result<ArrayRef>;

/// All functions.
pub(crate) fn all() -> Vec<Arc<ScalarUDF>> {
    vec![
        function("ip", &[1], IP, ip),
        function("mac", &[1], MAC, mac),
        ip_text_function(),
        function("ip_version", &[1], DataType::UInt8, ip_version),
        function("in_net", &[2], DataType::Boolean, in_net),
        net_function(),
        function("is_private", &[1], DataType::Boolean, is_private),
        domain_function(),
        protocol_function(),
        function("hash", &[1, 2, 3, 4, 5, 6], DataType::UInt64, hash),
    ]
}

/// The text of an address expression.
pub(crate) fn text_of(address: Expr) -> Expr {
    ip_text_function().call(vec![address])
}

/// The network of a length that an address lies in, as text.
pub(super) fn net_of(address: Expr, length: u8) -> Expr {
    net_function().call(vec![address, datafusion::logical_expr::lit(i64::from(length))])
}

/// The registered domain of a name.
pub(super) fn domain_of(name: Expr) -> Expr {
    domain_function().call(vec![name])
}

fn domain_function() -> Arc<ScalarUDF> {
    function("domain", &[1], DataType::Utf8View, |names, _| each(names, registered_domain))
}

/// The protocol of an application's label.
pub(super) fn protocol_of(label: Expr) -> Expr {
    protocol_function().call(vec![label])
}

fn protocol_function() -> Arc<ScalarUDF> {
    function("protocol", &[1], DataType::Utf8View, |labels, _| each(labels, protocol))
}

fn net_function() -> Arc<ScalarUDF> {
    function("net", &[2, 3], DataType::Utf8View, net)
}

fn ip_text_function() -> Arc<ScalarUDF> {
    function("ip_text", &[1], DataType::Utf8View, ip_text)
}

/// A number of 64 bits that equal values have in common: to group by many columns at once, where what others share with them
/// by chance is sorted out later.
fn hash(columns: &[ArrayRef], _: bool) -> Result<ArrayRef> {
    let mut hashes = vec![0; columns.first().map_or(0, |column| column.len())];
    create_hashes(columns, &RandomState::with_seed(0), &mut hashes)?;
    Ok(Arc::new(UInt64Array::from(hashes)))
}

fn function(name: &'static str, arguments: &[usize], returns: DataType, run: Run) -> Arc<ScalarUDF> {
    let forms = arguments.iter().map(|n| TypeSignature::Any(*n)).collect();
    let signature = Signature::one_of(forms, Volatility::Immutable);
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
            "ip" | "mac" | "domain" | "protocol" => first.is_string() || first.is_null(),
            "hash" => true,
            "ip_text" => *first == IP || *first == MAC || first.is_null(),
            _ => *first == IP || first.is_null(),
        };
        let want = if matches!(self.name, "ip" | "mac" | "domain" | "protocol") {
            "text"
        } else {
            "an address column or ip('…')"
        };
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

    /// A network that is a constant becomes a range, which prunes; private networks are such constants.
    fn simplify(&self, args: Vec<Expr>, _: &SimplifyContext) -> Result<ExprSimplifyResult> {
        if let ("is_private", [address]) = (self.name, args.as_slice())
            && !matches!(address, Expr::Literal(..))
        {
            return Ok(ExprSimplifyResult::Simplified(in_prefixes(address, &private()?)));
        }
        let network = match args.get(1) {
            Some(Expr::Literal(value, _)) if self.name == "in_net" => value.try_as_str().flatten().map(str::to_owned),
            _ => None,
        };
        let (Some(network), Some(address)) = (network, args.first().cloned()) else {
            return Ok(ExprSimplifyResult::Original(args));
        };
        Ok(ExprSimplifyResult::Simplified(in_prefix(address, network_of(&network)?)))
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

/// The networks of [`Ip::is_private`].
fn private() -> Result<Vec<Prefix>> {
    const NETWORKS: [&str; 8] = [
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "169.254.0.0/16",
        "127.0.0.0/8",
        "fc00::/7",
        "fe80::/10",
        "::1/128",
    ];
    NETWORKS.iter().map(|text| text.parse().map_err(failed)).collect()
}

fn is_private(arguments: &[ArrayRef], _: bool) -> Result<ArrayRef> {
    let private = addresses(arguments)?.into_iter().map(|ip| ip.map(|ip| ip.is_private()));
    Ok(Arc::new(private.collect::<BooleanArray>()))
}

/// 4 or 6.
fn ip_version(arguments: &[ArrayRef], _: bool) -> Result<ArrayRef> {
    let versions = addresses(arguments)?.into_iter().map(|ip| ip.map(|ip| if ip.is_v4() { 4 } else { 6 }));
    Ok(Arc::new(versions.collect::<UInt8Array>()))
}

/// MAC address of a text; as with [`ip`] a bad constant is an error.
fn mac(arguments: &[ArrayRef], strict: bool) -> Result<ArrayRef> {
    let texts = argument(arguments, 0, &DataType::Utf8View)?;
    let mut out = FixedSizeBinaryBuilder::with_capacity(texts.len(), 6);
    for text in texts.as_string_view() {
        match text.map(str::parse::<Mac>) {
            Some(Ok(mac)) => out.append_value(mac.0)?,
            Some(Err(error)) if strict => return Err(failed(format!("mac: {error}"))),
            _ => out.append_null(),
        }
    }
    Ok(Arc::new(out.finish()))
}

/// Address of a text. A constant that is no address is an error, in a column it is null.
fn ip(arguments: &[ArrayRef], strict: bool) -> Result<ArrayRef> {
    let texts = argument(arguments, 0, &DataType::Utf8View)?;
    let mut out = FixedSizeBinaryBuilder::with_capacity(texts.len(), 16);
    for text in texts.as_string_view() {
        match text.map(str::parse::<Ip>) {
            Some(Ok(ip)) => out.append_value(ip.0)?,
            Some(Err(error)) if strict => return Err(failed(format!("ip: {error}"))),
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

/// The network that `in_net` is asked for.
fn network_of(text: &str) -> Result<Prefix> {
    text.parse().map_err(|error: minamo_base::AddrError| failed(format!("in_net: {error}")))
}

fn in_net(arguments: &[ArrayRef], _: bool) -> Result<ArrayRef> {
    let networks = argument(arguments, 1, &DataType::Utf8View)?;
    let mut out = BooleanBuilder::with_capacity(networks.len());
    for (ip, network) in addresses(arguments)?.into_iter().zip(networks.as_string_view()) {
        out.append_option(match (ip, network) {
            (Some(ip), Some(network)) => Some(network_of(network)?.contains(ip)),
            _ => None,
        });
    }
    Ok(Arc::new(out.finish()))
}

/// The prefix of a length that holds an address; of IPv6 addresses of the second length, where there are two. Where the
/// only length does not fit the family, the address's own.
fn net(arguments: &[ArrayRef], _: bool) -> Result<ArrayRef> {
    let short = argument(arguments, 1, &DataType::Int64)?;
    let long = if arguments.len() > 2 { argument(arguments, 2, &DataType::Int64)? } else { Arc::clone(&short) };
    let lengths = short.as_primitive::<Int64Type>().iter().zip(long.as_primitive::<Int64Type>());
    let mut out = StringViewBuilder::with_capacity(short.len());
    for (ip, (short, long)) in addresses(arguments)?.into_iter().zip(lengths) {
        let length = if ip.is_some_and(|ip| ip.is_v4()) { short } else { long };
        let (Some(ip), Some(length)) = (ip, length) else {
            out.append_null();
            continue;
        };
        let most: u8 = if ip.is_v4() { 32 } else { 128 };
        let bad = || failed(format!("net: got length {length}, want 0 to 128"));
        let length = u8::try_from(length).ok().filter(|n| *n <= 128).ok_or_else(bad)?;
        let prefix = Prefix::new(ip, length.min(most)).map_err(failed)?;
        out.append_value(prefix.to_string());
    }
    Ok(Arc::new(out.finish()))
}
